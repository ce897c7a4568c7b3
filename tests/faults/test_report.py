"""Findings and their report: failures and insufficient counts never pass."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from faults.findings import Finding
from faults.report import markdown, write_json


def make_finding(**overrides: Any) -> Finding:
    defaults: dict[str, Any] = {
        "title": "races",
        "database": "sqlite",
        "count": 20,
        "required": 20,
        "requirement": "one winner each",
        "figures": {"p99 ms": 12.3456, "winners": 10},
    }
    return Finding(**defaults | overrides)


def test_passes_with_the_required_count_and_no_failure() -> None:
    finding = make_finding()

    assert finding.is_passed
    assert markdown([finding]).splitlines()[-1] == (
        "| races | sqlite | 20 of 20 | one winner each | p99 ms 12.3, winners 10 | 0 | passed |"
    )


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (make_finding(count=19), "- count 19 is below 20"),
        (make_finding(failures=("two winners",)), "- two winners"),
        (make_finding().with_failures(["a broken sum"]), "- a broken sum"),
        (make_finding(failures=("no",) * 25), "- and 5 more"),
    ],
)
def test_fails_otherwise(finding: Finding, line: str) -> None:
    table = markdown([finding])

    assert not finding.is_passed
    assert "**failed**" in table
    assert line in table.splitlines()


def test_the_json_has_all_failures(tmp_path: Path) -> None:
    file = tmp_path / "report.json"

    write_json(file, [make_finding(failures=("no",) * 25)], {"cpus": 2})

    document = orjson.loads(file.read_bytes())
    assert document["about"] == {"cpus": 2}
    [row] = document["findings"]
    assert len(row["failures"]) == 25
    assert row["is_passed"] is False
