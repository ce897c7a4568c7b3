"""Runs one tool: it generates, its output is compiled, and a scenario walks through the server."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sdks.expected import Expected, compare, load_expected, warnings_of
from sdks.names import bad_names, declared_names
from sdks.shop import Cast
from sdks.tools import ROOM, Tool

_COMMAND_SECONDS = 300


@dataclass
class Outcome:
    """What came of one tool.

    ``faults``: what fails the run, in words. ``warnings``: those that are listed.
    ``has_scenario``: whether its scenario went through, None if it has none.
    """

    tool: Tool
    faults: list[str] = field(default_factory=list)
    warnings: list[Expected] = field(default_factory=list)
    has_scenario: bool | None = None


class Walk:
    """One tool in its folder below ``work``, against the server at ``url``."""

    def __init__(self, tool: Tool, work: Path, url: str) -> None:
        self._work = work
        self._url = url
        self._folder = work / "generated" / tool.folder
        self._output: list[str] = []
        self.outcome = Outcome(tool)

    def run(self, cast: Cast | None) -> Outcome:
        """Go as far as the first command that fails. ``cast``: for the tool's scenario."""
        tool = self.outcome.tool
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        went = (tool.generate is None or self._command("generate", tool.generate)) and (
            self._command(tool.check.label, tool.check.command)
        )
        if went and tool.scenario is not None and cast is not None:
            scenario = tool.scenario
            shutil.copy(ROOM / "scenarios" / scenario.file, self._folder)
            self.outcome.has_scenario = self._command(
                "scenario, checked", scenario.check
            ) and self._command("scenario", scenario.run, cast.environment(self._url))
        self._judge_warnings()
        if went and tool.generate is not None:
            self._judge_names()
        return self.outcome

    def _command(self, step: str, command: str, env: dict[str, str] | None = None) -> bool:
        """Run a shell command, and say whether it succeeded or failed as its tool is known to."""
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
            self.outcome.faults.append(f"{step}: exit code {done.returncode}")
            return False
        return True

    def _environment(self) -> dict[str, str]:
        path = (str(Path(sys.executable).parent), str(self._work / "node_modules/.bin"))
        return os.environ | {
            "PATH": os.pathsep.join((*path, os.environ["PATH"])),
            "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "",
        }

    def _judge_warnings(self) -> None:
        difference = compare(self.outcome.tool, self._output, load_expected("warnings"))
        self.outcome.warnings += difference.listed
        self._blame("not listed: ", difference.unlisted)
        if not self.outcome.faults:
            self._blame("listed, and no longer comes: ", difference.missing)

    def _judge_names(self) -> None:
        tool = self.outcome.tool
        found = bad_names(declared_names(self._folder, tool.sources, tool.runtime))
        difference = compare(tool, found, load_expected("names"))
        self._blame("a name that the document causes: ", difference.unlisted)
        self._blame("a name that is listed, and no longer comes: ", difference.missing)

    def _blame(self, what: str, found: Sequence[str]) -> None:
        self.outcome.faults += [what + text for text in found]
