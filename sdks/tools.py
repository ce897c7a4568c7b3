"""The tools that read the document, from generators.yaml."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOM = Path(__file__).resolve().parent
CHECKOUT = ROOM.parent


@dataclass(frozen=True)
class Check:
    """The check of a tool's output: its ``label`` in the table and its shell ``command``."""

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
    """A tool. ``registry``: `pypi` or `npm`; ``package``: its name there.

    ``generate``: a shell command, None for a linter.
    ``progress``: regular expressions of lines that are not warnings.
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
        """The name of the tool's folder."""
        return self.name.strip("@").replace("/", "-").replace(" ", "-")


def load_tools(path: Path = ROOM / "generators.yaml") -> list[Tool]:
    """The tools of the file, in order."""
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
