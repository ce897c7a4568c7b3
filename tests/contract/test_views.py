"""The published documents: the complete one, and the one for clients."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from handlers.contract.document.bundle import load_contract
from handlers.contract.document.published import to_json, to_yaml
from handlers.contract.document.views import Document, client_document, full_document
from handlers.documentation import View

EDGE = {"408", "413", "414", "431", "500", "503"}
SUPPLIED = {
    "listUserOrders",
    "getUserOrder",
    "getOrderCancellation",
    "listOldOrders",
    "getOldOrder",
}
FOR_BROWSERS = {
    "showLoginPage",
    "showLogoutPage",
    "logOutByForm",
    "showPasswordPage",
    "showPasswordResetPage",
    "redeemHandover",
    "showSwaggerUi",
    "showErrorCodes",
    "showReference",
    "showRedoc",
    "getDocumentationAsset",
}
RULES = {"type", "format", "pattern", "maxLength", "minLength", "enum", "anyOf", "oneOf"}
KNOWN_FORMATS = {
    "date",
    "date-time",
    "decimal",
    "email",
    "int32",
    "int64",
    "password",
    "uri",
    "uuid",
}
OTHER_DOCUMENTS = {"getContractYaml", "getFullContractJson", "getFullContractYaml"}


@pytest.fixture(scope="module", params=[client_document, full_document])
def published(request: pytest.FixtureRequest) -> Document:
    document: Document = request.param(load_contract())
    return document


@pytest.fixture(scope="module")
def client() -> Document:
    return client_document(load_contract())


@pytest.fixture(scope="module")
def full() -> Document:
    return full_document(load_contract())


def operations(document: Document) -> dict[str, Document]:
    return {
        operation["operationId"]: operation
        for item in document["paths"].values()
        for operation in item.values()
    }


def resolved(document: Document, found: Document) -> Document:
    if "$ref" not in found:
        return found
    _, _, kind, name = found["$ref"].split("/")
    component: Document = document["components"][kind][name]
    return component


def keys(node: Any) -> Iterator[str]:
    """The keys of all objects in a document."""
    if isinstance(node, dict):
        yield from node
    for member in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from keys(member)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict) and isinstance(node.get("$ref"), str):
        yield node["$ref"]
    for member in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from references(member)


def links(document: Document) -> Iterator[Document]:
    for operation in operations(document).values():
        for found in operation["responses"].values():
            yield from resolved(document, found).get("links", {}).values()


def parts_of(schema: Document, pointer: str) -> Iterator[tuple[str, Document]]:
    """A schema and all schemas in it."""
    yield pointer, schema
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from parts_of(schema[keyword], f"{pointer}/{keyword}")
    for keyword in ("oneOf", "anyOf", "allOf"):
        for at, part in enumerate(schema.get(keyword, ())):
            yield from parts_of(part, f"{pointer}/{keyword}/{at}")
    for name, part in schema.get("properties", {}).items():
        yield from parts_of(part, f"{pointer}/properties/{name}")


def schemas_of(document: Document) -> Iterator[tuple[str, Document]]:
    """Every schema in a document, with its pointer."""

    def elsewhere(node: Any, pointer: str) -> Iterator[tuple[str, Document]]:
        members = node.items() if isinstance(node, dict) else enumerate(node)
        for name, member in members:
            if name == "schema":
                yield from parts_of(member, f"{pointer}/schema")
            elif isinstance(member, dict | list) and name not in ("example", "examples"):
                yield from elsewhere(member, f"{pointer}/{name}")

    for name, schema in document["components"]["schemas"].items():
        yield from parts_of(schema, f"/components/schemas/{name}")
    kinds = {
        kind: component for kind, component in document["components"].items() if kind != "schemas"
    }
    yield from elsewhere({"paths": document["paths"], "components": kinds}, "")


def reached_from(name: str, document: Document) -> set[str]:
    """The names of the schemas that a schema refers to, directly or indirectly."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        for reference in references(document["components"]["schemas"][waiting.pop()]):
            found = reference.rpartition("/")[2]
            if found not in reached:
                reached.add(found)
                waiting.append(found)
    return reached


class TestBoth:
    @pytest.mark.parametrize("view", [client_document, full_document])
    def test_are_deterministic(self, view: View) -> None:
        assert to_json(view(load_contract())) == to_json(view(load_contract()))

    def test_are_valid_openapi(self, published: Document) -> None:
        assert list(OpenAPIV31SpecValidator(published).iter_errors()) == []

    def test_json_and_yaml_are_equal(self, published: Document) -> None:
        assert json.loads(to_json(published)) == published
        assert yaml.safe_load(to_yaml(published)) == published

    def test_yaml_has_block_texts_and_no_anchors(self, published: Document) -> None:
        written = to_yaml(published).decode()

        assert "description: |\n" in written
        assert "&id" not in written

    def test_have_no_unused_component(self, published: Document) -> None:
        used = set(references(published))
        unused = {
            f"#/components/{kind}/{name}"
            for kind, members in published["components"].items()
            for name in members
            if kind != "securitySchemes"
        } - used

        assert unused == set()

    def test_have_a_cookie_parameter_only_in_supplied_operations(self, published: Document) -> None:
        named = {
            name
            for name, operation in operations(published).items()
            for parameter in operation.get("parameters", ())
            if resolved(published, parameter)["name"] == "Cookie"
        }

        assert named == SUPPLIED

    def test_have_no_links_with_bodies(self, published: Document) -> None:
        found = list(links(published))

        assert found
        assert all("requestBody" not in link for link in found)


class TestFullDocument:
    def test_has_every_operation(self, full: Document) -> None:
        assert operations(full).keys() == load_contract().resources.keys()

    def test_lists_the_responses_of_the_edge_in_every_operation(self, full: Document) -> None:
        for name, operation in operations(full).items():
            assert operation["responses"].keys() >= EDGE, name

    def test_has_the_bodies_of_links(self, full: Document) -> None:
        assert sum("x-link-body" in link for link in links(full)) == 4


class TestClientDocument:
    def test_has_all_operations_except_those_for_browsers(
        self, client: Document, full: Document
    ) -> None:
        left_out = operations(full).keys() - operations(client).keys()

        assert left_out == FOR_BROWSERS | OTHER_DOCUMENTS

    def test_describes_the_responses_of_the_edge_once(self, client: Document) -> None:
        described = {
            (name, status)
            for name, operation in operations(client).items()
            for status in EDGE & operation["responses"].keys()
        }

        # It describes its 503 itself.
        assert described == {("checkReadiness", "503")}
        assert all(status in client["info"]["description"] for status in EDGE)

    def test_has_neither_pages_nor_forms(self, client: Document) -> None:
        media_types = {key for key in keys(client) if "/" in key and not key.startswith("/")}

        assert media_types == {"application/json", "text/plain"}

    def test_has_nothing_deprecated(self, client: Document) -> None:
        assert "deprecated" not in set(keys(client))

    def test_has_no_keys_of_the_bundler(self, client: Document) -> None:
        found = {key for key in keys(client) if key.startswith("x-")}

        of_the_server = {
            "x-acts-on-get",
            "x-credential",
            "x-requires-json",
            "x-strict-query",
            "x-trims-queries",
        }
        of_generators = {"x-enum-varnames", "x-enum-descriptions", "x-extensible-enum"}
        of_examples = {"x-parameters"}
        of_pages = {"x-codeSamples", "x-enum-statuses", "x-prefix"}
        known = of_the_server | of_generators | of_examples | of_pages
        assert found <= known | {"x-csrftoken"}

    def test_every_body_has_one_media_type(self, client: Document) -> None:
        for name, operation in operations(client).items():
            assert len(operation.get("requestBody", {"content": [0]})["content"]) == 1, name
            for status, found in operation["responses"].items():
                content = resolved(client, found).get("content", {})
                assert len(content) <= 1, f"{name} {status}"


class TestNames:
    """Generators invent poor names for schemas without one."""

    def test_every_object_in_a_body_or_a_property_is_a_component(self, client: Document) -> None:
        unnamed = [
            pointer
            for pointer, schema in schemas_of(client)
            if "properties" in schema and not re.fullmatch("/components/schemas/[^/]+", pointer)
        ]

        assert unnamed == []

    def test_alternatives_are_one_component_or_null(self, client: Document) -> None:
        for pointer, schema in schemas_of(client):
            assert not schema.keys() & {"anyOf", "allOf", "not", "if"}, pointer
            if "oneOf" in schema:
                component, null = schema["oneOf"]
                assert component.keys() == {"$ref"}, pointer
                assert null == {"type": "null"}, pointer

    def test_null_is_only_an_alternative(self, client: Document) -> None:
        alone = [
            pointer
            for pointer, schema in schemas_of(client)
            if schema.get("type") == "null" and "/oneOf/" not in pointer
        ]

        assert alone == []

    def test_no_schema_is_recursive(self, published: Document) -> None:
        for name in published["components"]["schemas"]:
            assert name not in reached_from(name, published)

    def test_every_body_is_a_component_or_a_list_of_one(self, client: Document) -> None:
        for name, operation in operations(client).items():
            for found in [operation.get("requestBody", {}), *operation["responses"].values()]:
                for content in resolved(client, found).get("content", {}).values():
                    schema = content["schema"]
                    part = schema.get("items", schema)
                    assert "$ref" in part or part["type"] == "string", name

    def test_component_names_are_not_generated(self, client: Document) -> None:
        names = client["components"]["schemas"]

        assert [name for name in names if re.search("_|[0-9]|Response|Inline|AnyOf", name)] == []

    def test_every_list_has_a_page(self, client: Document) -> None:
        pages = {name for name in client["components"]["schemas"] if name.endswith("Page")}

        assert pages == {
            "UserOrderPage",
            "UserOldOrderPage",
            "SellerOrderPage",
            "SellerOrderItemPage",
            "SellerCancellationPlanPage",
            "SellerCustomerAddressPage",
            "CancellationReasonPage",
            "CancellationRequestPage",
            "LookedUpOrderPage",
        }

    def test_media_types_of_a_body_have_different_schemas(self, full: Document) -> None:
        for name, operation in operations(full).items():
            content = operation.get("requestBody", {"content": {}})["content"]
            used = [media["schema"]["$ref"] for media in content.values()]
            assert len(set(used)) == len(used), name


class TestClientTypes:
    def test_times_in_queries_have_one_format(self, client: Document) -> None:
        moments = [
            schema
            for operation in operations(client).values()
            for parameter in operation.get("parameters", ())
            if re.search("__(gte|gt|lte|lt)$", resolved(client, parameter)["name"])
            for schema in [resolved(client, resolved(client, parameter)["schema"])]
            if schema.get("format") != "decimal"
        ]

        assert moments
        assert all(moment.keys() & RULES == {"type", "format"} for moment in moments)
        assert {moment["format"] for moment in moments} == {"date-time"}

    def test_ids_in_bodies_are_integers(self, client: Document) -> None:
        schema = client["components"]["schemas"]["IdOrDigits"]

        assert schema["type"] == "integer"
        assert schema["format"] == "int64"

    def test_ids_in_paths_have_64_bits(self, client: Document) -> None:
        formats = {
            schema.get("format")
            for operation in operations(client).values()
            for parameter in (
                resolved(client, parameter) for parameter in operation.get("parameters", ())
            )
            if parameter["in"] == "path"
            for schema in [resolved(client, parameter["schema"])]
            if schema["type"] == "integer"
        }

        assert formats == {"int64"}

    def test_a_look_up_has_one_name_for_the_order_number(self, client: Document) -> None:
        schema = client["components"]["schemas"]["OrderLookUp"]

        assert schema["required"] == ["email", "order"]
        assert schema["properties"].keys() == {"email", "order"}

    def test_generators_know_all_formats(self, client: Document) -> None:
        used = {schema["format"] for _, schema in schemas_of(client) if "format" in schema}

        assert used <= KNOWN_FORMATS
