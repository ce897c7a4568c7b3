import json
from pathlib import Path
from typing import Any

import pytest

from tests.promises import ENOUGH, Partial, collected, findings, main
from tests.support.presence import Presence

FILES = {"handlers/test_orders.py", "contract/test_routes.py"}


def document(required: list[str], **properties: Any) -> dict[str, Any]:
    thing = {"type": "object", "required": required, "properties": properties}
    media = {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
    return {
        "paths": {"/things/": {"get": {"responses": {"200": {"content": media}}}}},
        "components": {"schemas": {"Thing": thing, "Unused": {"properties": {"a": {}}}}},
    }


def presence(seen: int, place: str = "Thing", **present: int) -> Presence:
    counted = Presence()
    counted.seen[place] = seen
    counted.present.update({f"{place}/{name}": often for name, often in present.items()})
    return counted


def found_in(
    described: dict[str, Any],
    counted: Presence,
    optional: dict[tuple[str, str], str] | None = None,
    rare: dict[str, str] | None = None,
) -> list[str]:
    return list(findings(described, counted, optional or {}, rare or {}))


class TestFindings:
    def test_name_properties_that_are_always_present_and_not_required(self) -> None:
        counted = presence(ENOUGH, pk=ENOUGH, name=ENOUGH, code=ENOUGH - 1)

        assert found_in(document(["pk"], pk={}, name={}, code={}), counted) == [
            f"Thing/name is in all of {ENOUGH} responses, and not required"
        ]

    def test_are_empty_if_all_such_properties_are_required(self) -> None:
        counted = presence(ENOUGH, pk=ENOUGH, code=3)

        assert found_in(document(["pk"], pk={}, code={}), counted) == []

    def test_name_schemas_that_occurred_too_rarely(self) -> None:
        assert found_in(document([], pk={}), presence(ENOUGH - 1)) == [
            f"Thing came {ENOUGH - 1} times, not {ENOUGH}: nothing says what it always has"
        ]

    def test_ignore_schemas_whose_properties_are_all_required(self) -> None:
        assert found_in(document(["pk"], pk={}), presence(0)) == []

    def test_include_nested_schemas(self) -> None:
        nested = {"type": "array", "items": {"properties": {"a": {}}}}
        counted = presence(ENOUGH, "Thing/list/items", a=ENOUGH)

        assert found_in(document(["list"], list=nested), counted) == [
            f"Thing/list/items/a is in all of {ENOUGH} responses, and not required"
        ]

    def test_are_empty_with_a_reason(self) -> None:
        counted = presence(ENOUGH, pk=ENOUGH)

        assert found_in(document([], pk={}), counted, optional={("Thing", "pk"): "a reason"}) == []
        assert found_in(document([], pk={}), presence(0), rare={"Thing": "a reason"}) == []

    @pytest.mark.parametrize(
        ("counted", "tables", "finding"),
        [
            (presence(ENOUGH), {"optional": {("Thing", "pk"): "old"}}, "Thing/pk needs no reason"),
            (presence(ENOUGH), {"rare": {"Thing": "old"}}, "it is not rare"),
            (presence(ENOUGH), {"rare": {"Gone": "old"}}, "Gone has no property"),
            (presence(ENOUGH), {"optional": {("Gone", "a"): "old"}}, "Gone has no property"),
        ],
        ids=["present at times", "often", "no schema", "no schema of a property"],
    )
    def test_name_an_outdated_reason(
        self, counted: Presence, tables: dict[str, Any], finding: str
    ) -> None:
        [only] = found_in(document([], pk={}), counted, **tables)

        assert finding in only


class TestCollected:
    def write(self, path: Path, **changes: Any) -> None:
        written = {"digest": "d", "files": [], "deselected": 0, "seen": {}, "present": {}}
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(written | changes), "utf-8")

    def test_is_the_sum_of_all_processes_of_all_runs(self, tmp_path: Path) -> None:
        first, second = sorted(FILES)
        self.write(tmp_path / "a" / "gw0.json", files=[first], seen={"T": 2}, present={"T/a": 1})
        self.write(tmp_path / "a" / "gw1.json", files=[first], seen={"T": 1})
        self.write(tmp_path / "b" / "main.json", files=[second], seen={"T": 3, "U": 1})

        found = collected(tmp_path, FILES, "d")

        assert found.seen == {"T": 6, "U": 1}
        assert found.present == {"T/a": 1}

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"files": ["contract/test_routes.py"]}, "1 files did not run, such as handlers/"),
            ({"deselected": 5}, "5 tests were deselected"),
            ({"digest": "other"}, "of another contract"),
        ],
        ids=str,
    )
    def test_is_refused_for_an_incomplete_run(
        self, tmp_path: Path, changes: dict[str, Any], reason: str
    ) -> None:
        self.write(tmp_path / "a" / "main.json", **({"files": sorted(FILES)} | changes))

        with pytest.raises(Partial, match=reason):
            collected(tmp_path, FILES, "d")

    def test_is_refused_without_a_run(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(tmp_path) == 2
        assert "Nothing can be judged" in capsys.readouterr().err
