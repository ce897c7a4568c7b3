"""Known changes outside of schemas, with our verdicts and those of other tools."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from handlers.contract.diff.changes import CODE, REQUESTS, RESPONSES, Change
from handlers.contract.diff.comparison import compare_documents
from handlers.contract.diff.documents import check_document

HERE = Path(__file__).parent
KNOWN = yaml.safe_load((HERE / "known_operation_changes.yaml").read_text("utf-8"))
TOOLS = ("oasdiff", "openapi", "azure")


def patched(document: Any, patch: Any) -> Any:
    """``document`` after a merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = patched(result.get(key), value)
    return result


def changes_of(row: dict[str, Any]) -> list[Change]:
    document = yaml.safe_load((HERE / "document.yaml").read_text("utf-8"))
    old, new = (patched(document, row.get(side, {})) for side in ("old", "new"))
    for document in (old, new):
        check_document(document, row["name"])
    return compare_documents(old, new)


def verdict(changes: list[Change], direction: str) -> str:
    verdicts = [change.breaking for change in changes if change.direction == direction]
    return "b" if any(verdicts) else "c" if verdicts else "-"


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["name"])
def test_a_change_has_the_expected_verdict(row: dict[str, Any]) -> None:
    changes = changes_of(row)

    assert (
        "".join(verdict(changes, direction) for direction in (REQUESTS, RESPONSES, CODE))
        == row["ours"]
    )
    assert all(change.witness or change.reason for change in changes if change.breaking)


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["name"])
def test_every_differing_verdict_has_a_reason(row: dict[str, Any]) -> None:
    ours = "b" if "b" in row["ours"] else "c"
    theirs = {row[tool] for tool in TOOLS if row.get(tool, "-") != "-"}

    assert ("because" in row) == any(verdict != ours for verdict in theirs)


def test_there_are_at_least_60_changes() -> None:
    assert len(KNOWN) >= 60
    assert len({row["name"] for row in KNOWN}) == len(KNOWN)
