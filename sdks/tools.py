"""The tools that read the document: what generators.yaml says of each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOM = Path(__file__).resolve().parent
CHECKOUT = ROOM.parent


@dataclass(frozen=True)
class Check:
    """What judges a tool's output. ``label``: its name in the table. ``command``: shell."""

    label: str
    command: str


@dataclass(frozen=True)
class Scenario:
    """A program in scenarios/. ``check`` and ``run`` are shell commands."""

    file: str
    check: str
    run: str


@dataclass(frozen=True)
class Tool:
    """One tool. ``registry``: `pypi` or `npm`; ``package``: its name there.

    ``generate``: a shell command, None for a linter.
    ``progress``: regular expressions of lines that are no warnings.
    ``sources``, ``runtime``: patterns of files, from the tool's folder.
    """

    name: str
    registry: str
    package: str
    check: Check
    is_quick: bool = False
    generate: str | None = None
    scenario: Scenario | None = None
    progress: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The name of the folder that it runs in."""
        return self.name.strip("@").replace("/", "-").replace(" ", "-")


def load_tools(path: Path = ROOM / "generators.yaml") -> list[Tool]:
    """The tools of the file, in its order."""
    listed = yaml.safe_load(path.read_text())
    return [_tool(row, listed["tsc"]) for row in listed["tools"]]


def _tool(row: dict[str, Any], tsc: str) -> Tool:
    def filled(command: str) -> str:
        return command.replace("{tsc}", tsc).replace("{room}", str(ROOM))

    ((registry, package),) = row["version"].items()
    scenario = row.get("scenario")
    return Tool(
        name=row["name"],
        registry=registry,
        package=package,
        check=Check(row["check"]["label"], filled(row["check"]["command"])),
        is_quick=row.get("quick", False),
        generate=filled(row["generate"]) if "generate" in row else None,
        scenario=scenario
        and Scenario(scenario["file"], filled(scenario["check"]), filled(scenario["run"])),
        progress=(*row.get("progress", ()), *row.get("checked", ())),
        sources=tuple(row.get("sources", ())),
        runtime=tuple(row.get("runtime", ())),
    )
