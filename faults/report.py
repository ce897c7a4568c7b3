"""The findings of all checks as Markdown and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from faults.findings import Figure, Finding

_HEAD = "| check | database | count | requirement | measured | seconds | result |"
_FAILURES_SHOWN = 20
_WIDEST = 300


def markdown(findings: Sequence[Finding]) -> str:
    """A table with a row for each check, followed by the failures."""
    rows = "\n".join(_row(finding) for finding in findings)
    failures = "".join(_failed(finding) for finding in findings if not finding.is_passed)
    return f"{_HEAD}\n|---|---|---|---|---|---|---|\n{rows}\n{failures}"


def write_json(file: Path, findings: Sequence[Finding], about: Mapping[str, Any]) -> None:
    """Write the findings as JSON, with all failures."""
    document = {
        "about": about,
        "findings": [asdict(finding) | {"is_passed": finding.is_passed} for finding in findings],
    }
    file.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))


def _row(finding: Finding) -> str:
    figures = ", ".join(f"{name} {_short(figure)}" for name, figure in finding.figures.items())
    cells = [
        finding.title,
        finding.database,
        f"{finding.count} of {finding.required}",
        finding.requirement,
        figures,
        f"{finding.seconds:.0f}",
        "passed" if finding.is_passed else "**failed**",
    ]
    return f"| {' | '.join(cells)} |"


def _failed(finding: Finding) -> str:
    lines = "".join(_shown(finding))
    return f"\n{finding.title}, {finding.database}:\n\n{lines}"


def _shown(finding: Finding) -> Iterator[str]:
    if finding.count < finding.required:
        yield f"- count {finding.count} is below {finding.required}\n"
    for failure in finding.failures[:_FAILURES_SHOWN]:
        yield f"- {failure[:_WIDEST]}\n"
    if more := len(finding.failures[_FAILURES_SHOWN:]):
        yield f"- and {more} more\n"


def _short(figure: Figure) -> str:
    """Three significant digits of a number that is not whole."""
    return f"{figure:.3g}" if isinstance(figure, float) else str(figure)
