"""What is published of the contract: the complete document, and the one for clients."""

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
    """A schema and those within it."""
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
    """The names of the schemas that one of them leads to."""
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
    def test_are_the_same_each_time(self, view: View) -> None:
        assert to_json(view(load_contract())) == to_json(view(load_contract()))

    def test_are_valid_openapi(self, published: Document) -> None:
        assert list(OpenAPIV31SpecValidator(published).iter_errors()) == []

    def test_json_and_yaml_say_the_same(self, published: Document) -> None:
        assert json.loads(to_json(published)) == published
        assert yaml.safe_load(to_yaml(published)) == published

    def test_yaml_reads_like_the_files(self, published: Document) -> None:
        written = to_yaml(published).decode()

        assert "description: |\n" in written
        assert "&id" not in written

    def test_have_no_component_that_nothing_uses(self, published: Document) -> None:
        used = set(references(published))
        unused = {
            f"#/components/{kind}/{name}"
            for kind, members in published["components"].items()
            for name in members
            if kind != "securitySchemes"
        } - used

        assert unused == set()

    def test_name_the_cookie_header_only_where_the_supplied_contract_does(
        self, published: Document
    ) -> None:
        named = {
            name
            for name, operation in operations(published).items()
            for parameter in operation.get("parameters", ())
            if resolved(published, parameter)["name"] == "Cookie"
        }

        assert named == SUPPLIED

    def test_fill_no_body_by_a_link(self, published: Document) -> None:
        found = list(links(published))

        assert found
        assert all("requestBody" not in link for link in found)


class TestFullDocument:
    def test_has_every_operation(self, full: Document) -> None:
        assert operations(full).keys() == load_contract().resources.keys()

    def test_says_of_each_operation_what_any_request_may_get(self, full: Document) -> None:
        for name, operation in operations(full).items():
            assert operation["responses"].keys() >= EDGE, name

    def test_says_what_links_fill_into_bodies(self, full: Document) -> None:
        assert sum("x-link-body" in link for link in links(full)) == 4


class TestClientDocument:
    def test_has_all_operations_but_those_for_browsers(
        self, client: Document, full: Document
    ) -> None:
        left_out = operations(full).keys() - operations(client).keys()

        assert left_out == FOR_BROWSERS | OTHER_DOCUMENTS

    def test_explains_once_what_any_request_may_get(self, client: Document) -> None:
        described = {
            (name, status)
            for name, operation in operations(client).items()
            for status in EDGE & operation["responses"].keys()
        }

        # It says in its own words when it is not ready.
        assert described == {("checkReadiness", "503")}
        assert all(status in client["info"]["description"] for status in EDGE)

    def test_has_neither_pages_nor_forms(self, client: Document) -> None:
        media_types = {key for key in keys(client) if "/" in key and not key.startswith("/")}

        assert media_types == {"application/json", "text/plain"}

    def test_has_nothing_deprecated(self, client: Document) -> None:
        assert "deprecated" not in set(keys(client))

    def test_keeps_the_keys_of_the_bundler_to_itself(self, client: Document) -> None:
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

    def test_each_body_has_one_media_type(self, client: Document) -> None:
        for name, operation in operations(client).items():
            assert len(operation.get("requestBody", {"content": [0]})["content"]) == 1, name
            for status, found in operation["responses"].items():
                content = resolved(client, found).get("content", {})
                assert len(content) <= 1, f"{name} {status}"


class TestNames:
    """Generators name what has no name, and not well."""

    def test_each_object_in_a_body_or_a_property_is_a_component(self, client: Document) -> None:
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

    def test_null_is_no_type_of_its_own(self, client: Document) -> None:
        alone = [
            pointer
            for pointer, schema in schemas_of(client)
            if schema.get("type") == "null" and "/oneOf/" not in pointer
        ]

        assert alone == []

    def test_no_schema_leads_to_itself(self, published: Document) -> None:
        for name in published["components"]["schemas"]:
            assert name not in reached_from(name, published)

    def test_each_body_is_a_component_or_a_list_of_one(self, client: Document) -> None:
        for name, operation in operations(client).items():
            for found in [operation.get("requestBody", {}), *operation["responses"].values()]:
                for content in resolved(client, found).get("content", {}).values():
                    schema = content["schema"]
                    part = schema.get("items", schema)
                    assert "$ref" in part or part["type"] == "string", name

    def test_components_have_names_of_the_contract_s_own(self, client: Document) -> None:
        names = client["components"]["schemas"]

        assert [name for name in names if re.search("_|[0-9]|Response|Inline|AnyOf", name)] == []

    def test_each_list_has_a_page(self, client: Document) -> None:
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

    def test_each_media_type_of_a_body_has_a_schema_of_its_own(self, full: Document) -> None:
        for name, operation in operations(full).items():
            content = operation.get("requestBody", {"content": {}})["content"]
            used = [media["schema"]["$ref"] for media in content.values()]
            assert len(set(used)) == len(used), name


class TestClientTypes:
    def test_moments_in_queries_have_one_format(self, client: Document) -> None:
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

    def test_ids_in_paths_are_of_64_bits(self, client: Document) -> None:
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

    def test_a_look_up_names_the_order_in_one_way(self, client: Document) -> None:
        schema = client["components"]["schemas"]["OrderLookUp"]

        assert schema["required"] == ["email", "order"]
        assert schema["properties"].keys() == {"email", "order"}

    def test_formats_are_those_that_generators_know(self, client: Document) -> None:
        used = {schema["format"] for _, schema in schemas_of(client) if "format" in schema}

        assert used <= KNOWN_FORMATS
