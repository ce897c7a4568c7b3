"""The table of tools, versions and results, in docs/guides/sdks.md."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from sdks.tool_run import Outcome
from sdks.tools import CHECKOUT, ROOM, Tool

PAGE = CHECKOUT / "docs/guides/sdks.md"
_TITLES = ("tool", "version", "default settings", "compiled with", "warnings", "scenario")
_BEGIN, _END = "<!-- script/sdks writes from here -->", "<!-- to here -->"


def pinned_version(tool: Tool) -> str:
    """The pinned version of the tool. Raises LookupError if it is not pinned."""
    if tool.registry == "npm":
        pins = json.loads((ROOM / "package.json").read_text())["dependencies"]
        return str(pins[tool.package])
    pins = (CHECKOUT / "requirements/sdks.txt").read_text()
    match = re.search(rf"^{re.escape(tool.package)}(?:\[\w+\])?==(\S+)", pins, re.MULTILINE)
    if match is None:
        raise LookupError(f"{tool.package} is not pinned")
    return match[1]


def table(outcomes: Iterable[Outcome]) -> str:
    """A table with a row for each tool, followed by the warnings with their reasons."""
    outcomes = list(outcomes)
    rows = [_TITLES, ("---",) * len(_TITLES), *(_row(outcome) for outcome in outcomes)]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    listed = {warning: None for outcome in outcomes for warning in outcome.warnings}
    reasons = [f"- {', '.join(warning.tools)}: {warning.reason.strip()}" for warning in listed]
    return "\n".join([*lines, "", "The warnings, and why the tool is at fault:", "", *reasons])


def write_table(outcomes: Iterable[Outcome], page: Path = PAGE) -> None:
    """Replace the table between the marks of the page. Raises ValueError if it lacks them."""
    head, begin, rest = page.read_text().partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{page} has no marks for the table")
    page.write_text(f"{head}{begin}\n\n{table(outcomes)}\n\n{end}{tail}")


def _row(outcome: Outcome) -> tuple[str, ...]:
    tool = outcome.tool
    generated = "generates" if tool.generate else "-"
    scenario = {None: "-", True: "passes", False: "fails"}[outcome.has_scenario]
    if tool.scenario is not None:
        scenario = f"[{scenario}](../../sdks/scenarios/{tool.scenario.file})"
    return (
        tool.name,
        pinned_version(tool),
        "fails" if outcome.failures else generated,
        tool.check.label,
        str(len(outcome.warnings)),
        scenario,
    )
