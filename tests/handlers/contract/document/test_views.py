import copy
from typing import Any

import pytest

from handlers.contract.document.contract import Contract, ContractError
from handlers.contract.document.views import Document, client_document, full_document

PAGE = {"x-internal": True, "schema": {"type": "string"}}
DOCUMENT: Document = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "tags": [{"name": "Things"}, {"name": "Pages"}],
    "security": [{"Session": []}, {"Old": []}],
    "paths": {
        "/things/": {
            "get": {
                "tags": ["Things"],
                "operationId": "listThings",
                "parameters": [
                    {"name": "day", "in": "query", "schema": {"$ref": "#/components/schemas/Day"}},
                    {"name": "date", "in": "query", "x-internal": True, "schema": {}},
                    {"$ref": "#/components/parameters/Page"},
                ],
                "responses": {
                    "200": {
                        "description": "Things.",
                        "headers": {"Vary": {"x-internal": True, "schema": {"type": "string"}}},
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}},
                            "text/html": PAGE,
                        },
                        "links": {"next": {"operationId": "listThings", "x-link-body": {"a": "b"}}},
                    },
                    "403": {"description": "A page.", "content": {"text/html": PAGE}},
                    "500": {"$ref": "#/components/responses/Broken"},
                },
            }
        },
        "/page": {
            "get": {
                "tags": ["Pages"],
                "operationId": "showPage",
                "x-internal": True,
                "responses": {"200": {"description": "The page."}},
            }
        },
    },
    "components": {
        "schemas": {
            "Day": {
                "description": "A day.",
                "examples": ["2026-03-01"],
                "type": "string",
                "anyOf": [{"format": "date"}, {"$ref": "#/components/schemas/Moment"}],
                "x-client": {"type": "string", "format": "date-time"},
            },
            "Moment": {"format": "date-time"},
            "Thing": {
                "type": "object",
                "required": ["name", "old_name"],
                "properties": {
                    "name": {"type": "string"},
                    "old_name": {"type": "string", "x-internal": True},
                },
            },
        },
        "parameters": {"Page": {"name": "page", "in": "query", "schema": {"type": "integer"}}},
        "responses": {"Broken": {"description": "Broken.", "x-internal": True}},
        "securitySchemes": {
            "Session": {"type": "apiKey", "in": "cookie", "name": "session"},
            "Old": {"type": "apiKey", "in": "cookie", "name": "old", "x-internal": True},
        },
    },
}


def make_contract(**changes: Any) -> Contract:
    return Contract(copy.deepcopy(DOCUMENT) | changes, {})


@pytest.fixture
def client() -> Document:
    return client_document(make_contract())


@pytest.fixture
def operation(client: Document) -> Document:
    found: Document = client["paths"]["/things/"]["get"]
    return found


class TestClientDocument:
    def test_has_no_internal_operation_or_its_path_and_tag(self, client: Document) -> None:
        assert client["paths"].keys() == {"/things/"}
        assert client["tags"] == [{"name": "Things"}]

    def test_has_no_internal_parameter(self, operation: Document) -> None:
        assert [
            parameter.get("name", parameter.get("$ref")) for parameter in operation["parameters"]
        ] == [
            "day",
            "#/components/parameters/Page",
        ]

    def test_has_no_internal_response_component(
        self, client: Document, operation: Document
    ) -> None:
        assert operation["responses"].keys() == {"200", "403"}
        assert "responses" not in client["components"]

    def test_has_no_internal_media_type_or_empty_content(self, operation: Document) -> None:
        assert operation["responses"]["200"]["content"].keys() == {"application/json"}
        assert operation["responses"]["403"] == {"description": "A page."}

    def test_has_no_internal_header(self, operation: Document) -> None:
        assert operation["responses"]["200"]["headers"] == {}

    def test_has_no_internal_property_and_does_not_require_it(self, client: Document) -> None:
        assert client["components"]["schemas"]["Thing"] == {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}},
        }

    def test_has_no_internal_security_scheme_or_requirement(self, client: Document) -> None:
        assert client["security"] == [{"Session": []}]
        assert client["components"]["securitySchemes"].keys() == {"Session"}

    def test_a_schema_for_clients_replaces_another_except_its_description(
        self, client: Document
    ) -> None:
        assert client["components"]["schemas"]["Day"] == {
            "description": "A day.",
            "examples": ["2026-03-01"],
            "type": "string",
            "format": "date-time",
        }

    def test_keywords_beside_a_reference_replace_those_of_the_schema(self) -> None:
        contract = make_contract()
        [day, *_] = contract.document["paths"]["/things/"]["get"]["parameters"]
        day["schema"] |= {"examples": ["2026-04-23"], "description": "Since then."}

        document = client_document(contract)

        [shown] = document["paths"]["/things/"]["get"]["parameters"][:1]
        assert shown["schema"] == {
            "type": "string",
            "format": "date-time",
            "description": "Since then.",
            "examples": ["2026-04-23"],
        }
        assert "Day" not in document["components"]["schemas"]

    def test_has_no_component_that_became_unused(self, client: Document) -> None:
        assert client["components"]["schemas"].keys() == {"Day", "Thing"}

    def test_has_no_body_of_a_link(self, operation: Document) -> None:
        assert operation["responses"]["200"]["links"] == {"next": {"operationId": "listThings"}}

    def test_refuses_an_operation_with_only_internal_security_schemes(self) -> None:
        contract = make_contract()
        contract.document["paths"]["/things/"]["get"]["security"] = [{"Old": []}]

        with pytest.raises(ContractError, match="listThings: each of its security schemes"):
            client_document(contract)

    def test_leaves_a_public_operation_public(self) -> None:
        contract = make_contract(security=[])
        contract.document["paths"]["/things/"]["get"]["security"] = [{}]

        operation = client_document(contract)["paths"]["/things/"]["get"]

        assert operation["security"] == [{}]

    def test_does_not_change_the_contract(self) -> None:
        contract = make_contract()

        client_document(contract)

        assert contract.document == DOCUMENT

    def test_accepts_a_document_without_components(self) -> None:
        contract = make_contract(paths={}, security=[])
        del contract.document["components"]

        assert client_document(contract)["components"] == {}


class TestFullDocument:
    def test_has_everything_except_schemas_for_clients(self) -> None:
        document = full_document(make_contract())

        expected = copy.deepcopy(DOCUMENT)
        del expected["components"]["schemas"]["Day"]["x-client"]
        assert document == expected

    def test_has_no_component_that_is_only_for_clients(self) -> None:
        contract = make_contract()
        reference = {"$ref": "#/components/schemas/ClientDay"}
        contract.document["components"]["schemas"]["Day"]["x-client"] = reference
        contract.document["components"]["schemas"]["ClientDay"] = {"type": "string"}

        assert "ClientDay" not in full_document(contract)["components"]["schemas"]
        assert "ClientDay" in client_document(contract)["components"]["schemas"]
