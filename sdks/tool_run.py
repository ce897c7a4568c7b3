"""Runs one tool: generates code, compiles it, and runs a scenario against the server."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sdks.expected import Expected, compare, load_expected, warnings_of
from sdks.names import bad_names, declared_names
from sdks.shop import Participants
from sdks.tools import ROOM, Tool

_COMMAND_SECONDS = 300


@dataclass
class Outcome:
    """The result of a tool.

    ``failures``: messages. ``warnings``: the listed ones that occurred. ``has_scenario``: whether
    the scenario passed, None if there is none.
    """

    tool: Tool
    failures: list[str] = field(default_factory=list)
    warnings: list[Expected] = field(default_factory=list)
    has_scenario: bool | None = None


class ToolRun:
    """A run of a tool in its folder below ``work``, against the server at ``url``."""

    def __init__(self, tool: Tool, work: Path, url: str) -> None:
        self._work = work
        self._url = url
        self._folder = work / "generated" / tool.folder
        self._output: list[str] = []
        self.outcome = Outcome(tool)

    def run(self, participants: Participants | None) -> Outcome:
        """Run all commands up to the first that fails; ``participants`` are the scenario's."""
        tool = self.outcome.tool
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        succeeded = (tool.generate is None or self._command("generate", tool.generate)) and (
            self._command(tool.check.label, tool.check.command)
        )
        if succeeded and tool.scenario is not None and participants is not None:
            scenario = tool.scenario
            shutil.copy(ROOM / "scenarios" / scenario.file, self._folder)
            self.outcome.has_scenario = self._command(
                "scenario, checked", scenario.check
            ) and self._command("scenario", scenario.run, participants.environment(self._url))
        self._check_warnings()
        if succeeded and tool.generate is not None:
            self._check_names()
        return self.outcome

    def _command(self, step: str, command: str, env: dict[str, str] | None = None) -> bool:
        """Run a shell command; return whether it succeeded, or failed only with listed warnings."""
        document = self._work / "openapi.json"
        command = command.replace("{document}", f"{self._url}/openapi.json")
        command = command.replace("{file}", str(document))
        done = subprocess.run(
            ["/bin/sh", "-euc", command],
            cwd=self._folder,
            env=self._environment() | (env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_COMMAND_SECONDS,
        )
        (self._folder / f"{step.replace(' ', '-')}.log").write_text(done.stdout)
        lines = warnings_of(done.stdout, self.outcome.tool.progress)
        self._output += lines
        unlisted = compare(self.outcome.tool, lines, load_expected("warnings")).unlisted
        if done.returncode and (unlisted or not lines):
            self.outcome.failures.append(f"{step}: exit code {done.returncode}")
            return False
        return True

    def _environment(self) -> dict[str, str]:
        path = (str(Path(sys.executable).parent), str(self._work / "node_modules/.bin"))
        return os.environ | {
            "PATH": os.pathsep.join((*path, os.environ["PATH"])),
            "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "",
        }

    def _check_warnings(self) -> None:
        difference = compare(self.outcome.tool, self._output, load_expected("warnings"))
        self.outcome.warnings += difference.listed
        self._fail("warning that is not listed: ", difference.unlisted)
        if not self.outcome.failures:
            self._fail("listed warning that does not occur: ", difference.missing)

    def _check_names(self) -> None:
        tool = self.outcome.tool
        names = bad_names(declared_names(self._folder, tool.sources, tool.runtime))
        difference = compare(tool, names, load_expected("names"))
        self._fail("name that the document causes: ", difference.unlisted)
        self._fail("listed name that does not occur: ", difference.missing)

    def _fail(self, what: str, names: Sequence[str]) -> None:
        self.outcome.failures += [what + text for text in names]
