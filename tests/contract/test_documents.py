"""Properties of both published documents that people and generators need."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from handlers.contract.document.bundle import load_contract
from handlers.contract.document.validators import SchemaValidators, pointer_to
from handlers.contract.document.views import client_document, full_document
from tests.contract.comparison import resolve

Document = dict[str, Any]
VIEWS: dict[str, Callable[[Any], Document]] = {"client": client_document, "full": full_document}

# Keywords that hold a schema, schemas by name, and a list of schemas (JSON Schema 2020-12).
ONE = {
    "items",
    "contains",
    "additionalProperties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "if",
    "then",
    "else",
    "not",
    "contentSchema",
}
NAMED = {"properties", "patternProperties", "dependentSchemas", "$defs"}
LISTED = {"allOf", "anyOf", "oneOf", "prefixItems"}
# The other keywords of its vocabularies, and those of OpenAPI's base vocabulary.
OTHERS = (
    "$id $schema $ref $anchor $dynamicRef $dynamicAnchor $vocabulary $comment type const enum "
    "multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern "
    "maxItems minItems uniqueItems maxContains minContains maxProperties minProperties required "
    "dependentRequired title description default deprecated readOnly writeOnly examples format "
    "contentEncoding contentMediaType discriminator xml externalDocs example "
)
KEYWORDS = ONE | NAMED | LISTED | set(OTHERS.split())
INT32, INT64 = "int32", "int64"


@pytest.fixture(scope="module", params=VIEWS)
def document(request: pytest.FixtureRequest) -> Document:
    return VIEWS[request.param](load_contract())


def operations(document: Document) -> Iterator[Document]:
    for item in document["paths"].values():
        yield from item.values()


def parameters(document: Document) -> Iterator[tuple[str, Document]]:
    """All parameters of all operations, with the name of the operation."""
    for operation in operations(document):
        for parameter in operation.get("parameters", ()):
            found = resolve(document, parameter["$ref"]) if "$ref" in parameter else parameter
            yield operation["operationId"], found


def roots(node: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """The schemas that are not part of other schemas, by their pointers."""
    if isinstance(node, dict):
        for name, value in node.items():
            at = pointer + pointer_to(name)
            if pointer == "/components/schemas" or name == "schema":
                yield at, value
            elif name not in {"example", "examples"}:
                yield from roots(value, at)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from roots(item, pointer + pointer_to(index))


def below(schema: Any, pointer: str) -> Iterator[tuple[str, Document]]:
    """A schema and all schemas in it."""
    if not isinstance(schema, dict):
        return
    yield pointer, schema
    for keyword, value in schema.items():
        at = pointer + pointer_to(keyword)
        if keyword in ONE:
            yield from below(value, at)
        elif keyword in NAMED:
            for name, member in value.items():
                yield from below(member, at + pointer_to(name))
        elif keyword in LISTED:
            for index, item in enumerate(value):
                yield from below(item, at + pointer_to(index))


def schemas(document: Document) -> Iterator[tuple[str, Document]]:
    for pointer, schema in roots(document):
        yield from below(schema, pointer)


def with_examples(node: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Pointers to the objects in a document that have a schema and examples of it."""
    members = node.items() if isinstance(node, dict) else enumerate(node)
    if isinstance(node, dict) and "schema" in node and node.keys() & {"example", "examples"}:
        yield pointer, node
    for name, member in members:
        if isinstance(member, dict | list):
            yield from with_examples(member, pointer + pointer_to(name))


def examples_of(node: Any, document: dict[str, Any]) -> list[Any]:
    if "example" in node:
        return [node["example"]]
    found = node["examples"].values()
    return [
        (resolve(document, example["$ref"]) if "$ref" in example else example)["value"]
        for example in found
    ]


def unknown_keywords(document: Document) -> list[str]:
    return [
        pointer + pointer_to(keyword)
        for pointer, schema in schemas(document)
        for keyword in schema
        if keyword not in KEYWORDS and not keyword.startswith("x-")
    ]


class TestSchemas:
    def test_have_known_keywords(self, document: Document) -> None:
        assert unknown_keywords(document) == []

    def test_a_description_that_yaml_splits_at_a_comma_is_detected(self) -> None:
        cut = {"properties": {"a": {"items": {"description": "The same", "as before.": None}}}}
        named = {"components": {"schemas": {"Thing": cut}}}
        inline = {"content": {"application/json": {"schema": {"oneOf": [cut]}}}}

        assert unknown_keywords(named) == [
            "/components/schemas/Thing/properties/a/items/as before."
        ]
        assert len(unknown_keywords(inline)) == 1

    def test_are_found_in_components_and_in_other_schemas(self, document: Document) -> None:
        found = {pointer for pointer, _ in schemas(document)}

        assert {f"/components/schemas/{name}" for name in document["components"]["schemas"]} < found
        assert "/components/parameters/Limit/schema" in found
        assert "/components/schemas/UserOrder/properties/orderitem_set/items" in found

    def test_have_valid_examples_and_defaults(self, document: Document) -> None:
        failures = [
            pointer
            for pointer, schema in schemas(document)
            for example in [*schema.get("examples", ()), *all_defaults(schema)]
            if not fits(document, schema, example)
        ]

        assert failures == []

    def test_have_a_format_or_bounds_for_every_integer(self, document: Document) -> None:
        vague = [
            pointer + pointer_to("properties", name)
            for pointer, schema in schemas(document)
            for name, property_schema in schema.get("properties", {}).items()
            if is_integer(property_schema) and property_schema.get("format") not in {INT32, INT64}
            if not {"minimum", "maximum"} <= property_schema.keys()
            and "enum" not in property_schema
        ]

        assert vague == []

    @pytest.mark.parametrize("name", ["pk", "id"])
    def test_have_ids_of_64_bits(self, document: Document, name: str) -> None:
        found = [
            property_schema["format"]
            for _, schema in schemas(document)
            if is_integer(property_schema := schema.get("properties", {}).get(name, {}))
        ]

        assert set(found) == {INT64}

    def test_for_clients_have_only_bounds_that_floats_represent(self) -> None:
        bounds = {
            schema[keyword]
            for _, schema in schemas(client_document(load_contract()))
            for keyword in ("minimum", "maximum")
            if keyword in schema
        }

        assert max(bounds) <= 2**53


def is_integer(schema: Document) -> bool:
    """Whether it is an integer or null."""
    return schema.get("type") in ("integer", ["integer", "null"])


def all_defaults(schema: Document) -> list[Any]:
    return [schema["default"]] if "default" in schema else []


def fits(document: Document, schema: Document, value: Any) -> bool:
    with_components = {**schema, "components": document["components"]}
    return Draft202012Validator(with_components, validate_formats=True).is_valid(value)


class TestExamples:
    def test_are_valid_under_their_schemas(self, document: Document) -> None:
        validators = SchemaValidators(document)
        failures = [
            f"{pointer}: {error.message}"
            for pointer, node in with_examples(document)
            for example in examples_of(node, document)
            for error in validators.compile(f"{pointer}/schema").iter_errors(example)
        ]

        assert failures == []


class TestOperations:
    def test_have_a_summary_and_a_description(self, document: Document) -> None:
        assert [
            operation["operationId"]
            for operation in operations(document)
            if not operation.get("summary") or not operation.get("description")
        ] == []

    def test_have_an_example_or_the_values_of_every_parameter(self, document: Document) -> None:
        assert [
            f"{operation} {parameter['name']}"
            for operation, parameter in parameters(document)
            # A tool that sends examples would send the example instead of its session.
            if parameter["name"] != "Cookie" and not has_example(document, parameter)
        ] == []

    def test_have_a_valid_example_of_every_path_parameter(self, document: Document) -> None:
        in_paths = [parameter for _, parameter in parameters(document) if parameter["in"] == "path"]

        assert in_paths
        for parameter in in_paths:
            assert "enum" in parameter["schema"] or fits(
                document, parameter["schema"], parameter["example"]
            )

    def test_have_an_example_of_every_json_body(self, document: Document) -> None:
        lacking = []
        for operation in operations(document):
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in bodies:
                found = resolve(document, body["$ref"]) if "$ref" in body else body
                media = found.get("content", {}).get("application/json")
                if media is not None and not media.keys() & {"example", "examples"}:
                    lacking.append(operation["operationId"])

        # Their example would be the contract itself.
        assert set(lacking) <= {"getContractJson", "getFullContractJson"}


def has_example(document: Document, parameter: Document) -> bool:
    if parameter.keys() & {"example", "examples"}:
        return True
    schema = parameter["schema"]
    parts = [schema, resolve(document, schema["$ref"]) if "$ref" in schema else {}]
    data_keywords = {"examples", "enum", "default"}
    return any(data_keywords & part.keys() or part.get("type") == "boolean" for part in parts)


class TestInfo:
    def test_has_a_contact_and_a_link_to_the_documentation(self, document: Document) -> None:
        assert document["info"]["contact"]["name"]
        assert document["externalDocs"]["url"].startswith("https://")
