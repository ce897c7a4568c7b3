"""`waybill contract diff`."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from handlers.cli.main import cli

DOCUMENT = Path(__file__).parents[1] / "contract" / "diff" / "document.yaml"


def document(**schema: Any) -> dict[str, Any]:
    """The small document, with this schema for the size of its things."""
    content: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text("utf-8"))
    content["components"]["schemas"]["Thing"]["properties"]["size"] = schema
    return content


def diff(tmp_path: Path, old: Any, new: Any, *options: str) -> Result:
    """Compare two documents; a str is written to the file unchanged."""
    paths = []
    for name, content in (("old", old), ("new", new)):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        paths.append(str(path))
    return CliRunner().invoke(cli, ["contract", "diff", *paths, *options])


INTEGER = document(type="integer")
POSITIVE = document(type="integer", minimum=1)


def test_a_breaking_change_has_exit_code_1_and_a_payload(tmp_path: Path) -> None:
    result = diff(tmp_path, INTEGER, POSITIVE)

    assert result.exit_code == 1
    assert result.output == (
        "BREAKING requests minimum at Thing /size: now 1\n"
        "    the server refuses, and the client sent: 0 (by subtraction)\n"
        "    in addThing\n"
        "compatible responses minimum at Thing /size: now 1\n"
        "    in getThing, listThings\n"
        "1 breaking, 1 compatible changes.\n"
    )


def test_no_breaking_change_has_exit_code_0(tmp_path: Path) -> None:
    assert diff(tmp_path, INTEGER, INTEGER).output == "No changes.\n"
    assert diff(tmp_path, INTEGER, INTEGER).exit_code == 0
    described = document(type="integer", deprecated=True)
    assert diff(tmp_path, INTEGER, described).exit_code == 0


def test_prints_json(tmp_path: Path) -> None:
    report = json.loads(diff(tmp_path, INTEGER, POSITIVE, "--format", "json").output)

    assert (report["breaking"], report["compatible"]) == (1, 1)
    assert report["changes"][0] == {
        "id": "minimum requests Thing /size",
        "kind": "minimum",
        "direction": "requests",
        "place": "Thing /size",
        "breaking": True,
        "detail": "now 1",
        "payload": {"value": 0, "method": "subtraction"},
        "reason": "",
        "operations": ["addThing"],
    }


def test_prints_markdown(tmp_path: Path) -> None:
    new = document(type="integer", enum=[1])
    lines = diff(tmp_path, INTEGER, new, "--format", "markdown").output.splitlines()

    assert lines[0] == "1 breaking, 1 compatible changes."
    assert "## Breaking" in lines
    assert "| requests | enum | Thing /size | now [1] |" in "\n".join(lines)


def test_cells_of_tables_can_contain_any_text(tmp_path: Path) -> None:
    new = document(type="string", enum=["a|b"])

    assert "a\\|b" in diff(tmp_path, INTEGER, new, "--format", "markdown").output


def test_reads_yaml_and_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    text = DOCUMENT.read_text("utf-8").replace("'200'", "200").replace("'1'", "2026-01-31")
    path.write_text(text, "utf-8")

    result = CliRunner().invoke(cli, ["contract", "diff", str(path), "-"], input=text)

    assert (result.exit_code, result.output) == (0, "No changes.\n")


def test_names_four_operations_and_counts_the_others(tmp_path: Path) -> None:
    old, new = document(type="integer"), document(type="string")
    for contract in (old, new):
        for name in "abcd":
            contract["paths"][f"/{name}"] = {
                "get": {
                    "operationId": name,
                    "responses": {"200": {"$ref": "#/components/responses/Thing"}},
                }
            }

    assert "    in a, b, c, d and 2 more\n" in diff(tmp_path, old, new).output


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "line 2"),
        ("- a", "is no OpenAPI document"),
        ("openapi: 3.0.3", "is OpenAPI 3.0.3; only 3.1 can be compared"),
        ("openapi: 3.1.0", 'new#: "info" is a required property'),
        ("a: \x80", "is neither JSON nor YAML"),
        ({**INTEGER, "components": {}}, "#/components/responses/Thing does not exist"),
        (
            {**INTEGER, "paths": {"/things": {"$ref": "things.yaml"}}},
            "new#/paths/~1things: things.yaml does not lead to a place in the same document",
        ),
    ],
)
def test_incomparable_documents_have_exit_code_2(tmp_path: Path, content: Any, reason: str) -> None:
    result = diff(tmp_path, INTEGER, content)

    assert result.exit_code == 2
    assert reason in result.output


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "document"
    path.write_bytes(b"openapi: \xff")

    result = CliRunner().invoke(cli, ["contract", "diff", str(path), str(DOCUMENT)])

    assert result.exit_code == 2
    assert "is not UTF-8" in result.output


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["contract", "diff", str(DOCUMENT), str(tmp_path / "no")])

    assert result.exit_code == 2
    assert "does not exist" in result.output


def test_reports_changes_without_a_payload(tmp_path: Path) -> None:
    old, new = (document(type="string", pattern=pattern) for pattern in ("^a+$", "^a*$"))

    result = diff(tmp_path, old, new, "--seconds", "1")

    assert "neither subtraction nor search found a payload" in result.output
    assert result.exit_code == 1
