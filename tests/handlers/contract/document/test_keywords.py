from pathlib import Path
from typing import Any

import pytest

import handlers.contract
from handlers.contract.document.contract import ContractError
from handlers.contract.document.keywords import KEYWORDS, Use, check_keywords, leave_out
from handlers.contract.document.self_contained import read_document

README = Path(handlers.contract.__path__[0], "README.md")
JSON = "application/json"
DESCRIPTION = "/paths/~1things/get/description"
OWN_BASE = {"description": "", "content": {JSON: {"schema": {"$id": "a"}}}}


def make(operation: dict[str, Any] | None = None, **document: Any) -> Any:
    spec = {"operationId": "getThing", "responses": {"200": {"description": ""}}}
    return read_document(
        {
            "openapi": "3.1.0",
            "info": {"title": "Things", "version": "1"},
            "paths": {"/things": {"get": spec | (operation or {})}},
        }
        | document
    )


def fault(*arguments: Any, **document: Any) -> str:
    with pytest.raises(ContractError) as error:
        check_keywords(make(*arguments, **document))
    return str(error.value)


class TestCheck:
    def test_accepts_supported_keywords(self) -> None:
        check_keywords(make({"x-own": 1, "tags": ["a"]}))

    @pytest.mark.parametrize(
        ("operation", "document", "expected"),
        [
            ({"callbacks": {}}, {}, "/paths/~1things/get: the keyword callbacks of a Operation"),
            ({"servers": []}, {}, "/paths/~1things/get: the keyword servers of a Operation"),
            ({}, {"webhooks": {}}, ": the keyword webhooks of a OpenAPI"),
            (
                {},
                {"components": {"schemas": {"A": {"items": {"nullable": True}}}}},
                "/components/schemas/A/items: the keyword nullable of a Schema",
            ),
            (
                {"responses": {"200": OWN_BASE}},
                {},
                "/content/application~1json/schema: the keyword $id",
            ),
        ],
        ids=["callbacks", "servers", "webhooks", "unknown", "$id"],
    )
    def test_names_unsupported_keywords(
        self, operation: dict[str, Any], document: dict[str, Any], expected: str
    ) -> None:
        assert expected in fault(operation, **document)

    @pytest.mark.parametrize("method", ["head", "options", "trace"])
    def test_names_methods_that_are_not_routed(self, method: str) -> None:
        paths = {"/things": {method: {"operationId": "a"}}}

        assert f"the keyword {method} of a Path Item" in fault(paths=paths)


class TestLeaveOut:
    def test_removes_keywords_media_types_and_places(self) -> None:
        content = {JSON: {"schema": {"nullable": True}}, "application/xml": {}}
        body = {"content": content}
        contract = make({"requestBody": body, "callbacks": {}, "description": "x"})

        left = leave_out(
            contract,
            frozenset(
                {"nullable", "callbacks", "application/xml", "/paths/~1things/get/description"}
            ),
        )

        assert left.document["paths"]["/things"]["get"] == {
            "operationId": "getThing",
            "responses": {"200": {"description": ""}},
            "requestBody": {"content": {JSON: {"schema": {}}}},
        }
        assert "callbacks" in contract.document["paths"]["/things"]["get"]
        check_keywords(left)

    @pytest.mark.parametrize("name", ["nullable", "/paths/~1other", "text/csv"])
    def test_fails_for_an_absent_name(self, name: str) -> None:
        with pytest.raises(ContractError, match=f"has no {name} to leave out"):
            leave_out(make(), frozenset({name}))

    def test_without_names_returns_the_same_contract(self) -> None:
        contract = make()

        assert leave_out(contract, frozenset()) is contract


@pytest.mark.parametrize("kind", KEYWORDS)
def test_the_readme_lists_all_keywords(kind: str) -> None:
    listed = {
        use: ", ".join(f"`{name}`" for name, keyword in KEYWORDS[kind].items() if keyword is use)
        or "-"
        for use in Use
    }
    row = f"| {kind} | {listed[Use.ENFORCED]} | {listed[Use.NOTED]} | {listed[Use.REFUSED]} |"

    assert row in README.read_text("utf-8")
