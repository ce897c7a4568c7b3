"""What all checks found, as Markdown and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from faults.findings import Figure, Finding

_HEAD = "| test | database | amount | bar | measured | seconds | |\n|---|---|---|---|---|---|---|"
_FAILURES_SHOWN = 20
_WIDEST = 300


def markdown(findings: Sequence[Finding]) -> str:
    """A row for each check, and below the table what failed."""
    rows = "\n".join(_row(each) for each in findings)
    missed = "".join(_failed(each) for each in findings if not each.is_passed)
    return f"{_HEAD}\n{rows}\n{missed}"


def write_json(file: Path, findings: Sequence[Finding], about: Mapping[str, Any]) -> None:
    """The same as numbers, with all failures."""
    document = {
        "about": about,
        "findings": [asdict(each) | {"is_passed": each.is_passed} for each in findings],
    }
    file.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))


def _row(finding: Finding) -> str:
    figures = ", ".join(f"{name} {_short(each)}" for name, each in finding.figures.items())
    cells = [
        finding.test,
        finding.database,
        f"{finding.amount} of {finding.wanted}",
        finding.bar,
        figures,
        f"{finding.seconds:.0f}",
        "passed" if finding.is_passed else "**missed**",
    ]
    return f"| {' | '.join(cells)} |"


def _failed(finding: Finding) -> str:
    lines = "".join(_shown(finding))
    return f"\n{finding.test}, {finding.database}:\n\n{lines}"


def _shown(finding: Finding) -> Iterator[str]:
    if finding.amount < finding.wanted:
        yield f"- {finding.amount} were done, not {finding.wanted}\n"
    for failure in finding.failures[:_FAILURES_SHOWN]:
        yield f"- {failure[:_WIDEST]}\n"
    if more := len(finding.failures[_FAILURES_SHOWN:]):
        yield f"- and {more} more\n"


def _short(figure: Figure) -> str:
    """Of what is no whole number, three digits."""
    return f"{figure:.3g}" if isinstance(figure, float) else str(figure)
