"""Findings and their report: nothing that failed, or was not done, passes for good."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from faults.findings import Finding
from faults.report import markdown, write_json


def make_finding(**overrides: Any) -> Finding:
    defaults: dict[str, Any] = {
        "test": "races",
        "database": "sqlite",
        "amount": 20,
        "wanted": 20,
        "bar": "one winner each",
        "figures": {"p99 ms": 12.3456, "winners": 10},
    }
    return Finding(**defaults | overrides)


def test_passes_where_enough_was_done_and_nothing_failed() -> None:
    finding = make_finding()

    assert finding.is_passed
    assert markdown([finding]).splitlines()[-1] == (
        "| races | sqlite | 20 of 20 | one winner each | p99 ms 12.3, winners 10 | 0 | passed |"
    )


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        (make_finding(amount=19), "- 19 were done, not 20"),
        (make_finding(failures=("two winners",)), "- two winners"),
        (make_finding().with_failures(["a broken sum"]), "- a broken sum"),
        (make_finding(failures=("no",) * 25), "- and 5 more"),
    ],
)
def test_is_missed_otherwise(finding: Finding, told: str) -> None:
    table = markdown([finding])

    assert not finding.is_passed
    assert "**missed**" in table
    assert told in table.splitlines()


def test_the_json_has_all_failures(tmp_path: Path) -> None:
    file = tmp_path / "report.json"

    write_json(file, [make_finding(failures=("no",) * 25)], {"cpus": 2})

    document = orjson.loads(file.read_bytes())
    assert document["about"] == {"cpus": 2}
    [row] = document["findings"]
    assert len(row["failures"]) == 25
    assert row["is_passed"] is False
