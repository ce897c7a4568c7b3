"""Known changes of schemas, with our verdicts and those of other tools."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from handlers.contract.diff.changes import REQUESTS, RESPONSES, Change
from handlers.contract.diff.comparison import compare_documents

KNOWN = yaml.safe_load(Path(__file__).with_name("known_schema_changes.yaml").read_text("utf-8"))
TOOLS = ("oasdiff", "openapi", "azure")


def document(schema: Any) -> dict[str, Any]:
    """An operation whose requests and responses have values of ``schema``."""
    content = {"content": {"application/json": {"schema": schema}}}
    thing = {"type": "object", "properties": {"size": {"type": "integer"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {
            "/things": {
                "post": {
                    "operationId": "addThing",
                    "requestBody": content,
                    "responses": {"200": {"description": "The thing.", **content}},
                }
            }
        },
        "components": {
            "schemas": {
                "Thing": thing,
                "Item": thing,
                "Tree": tree("Tree", "integer"),
                "TextTree": tree("TextTree", "string"),
            }
        },
    }


def tree(name: str, leaf: str) -> dict[str, Any]:
    child = {"$ref": f"#/components/schemas/{name}"}
    return {"type": "object", "properties": {"child": child, "leaf": {"type": leaf}}}


def changes_of(row: dict[str, Any]) -> list[Change]:
    return compare_documents(document(row["old"]), document(row["new"]))


def verdict(changes: list[Change], direction: str) -> str:
    verdicts = [change.breaking for change in changes if change.direction == direction]
    return "b" if any(verdicts) else "c" if verdicts else "-"


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["name"])
def test_a_change_has_the_expected_verdict_in_each_direction(row: dict[str, Any]) -> None:
    changes = changes_of(row)

    assert verdict(changes, REQUESTS) + verdict(changes, RESPONSES) == row["ours"]


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["name"])
def test_a_break_has_a_payload_if_possible(row: dict[str, Any]) -> None:
    changes = changes_of(row)
    shown = [
        "b" if any(change.witness for change in changes if change.direction == direction) else "-"
        for direction in (REQUESTS, RESPONSES)
    ]

    assert "".join(shown) == row.get("shows", row["ours"].replace("c", "-"))
    assert all(change.witness or change.reason for change in changes if change.breaking)


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["name"])
def test_every_differing_verdict_has_a_reason(row: dict[str, Any]) -> None:
    theirs = [row[tool] for tool in TOOLS if tool in row]

    assert ("because" in row) == any(
        verdict.replace("-", "c") != row["ours"].replace("-", "c") for verdict in theirs
    )


def test_there_are_at_least_60_changes() -> None:
    assert len(KNOWN) >= 60
    assert len({row["name"] for row in KNOWN}) == len(KNOWN)
