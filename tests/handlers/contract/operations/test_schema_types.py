from typing import Any

import pytest

from handlers.contract.operations.schema_types import ANY_TYPE, SchemaTypes

DOCUMENT: dict[str, Any] = {
    "components": {
        "schemas": {
            "Size": {"type": "integer"},
            "Loop": {"$ref": "#/components/schemas/Loop"},
            "Base": {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
        }
    }
}
SIZE = {"$ref": "#/components/schemas/Size"}
BASE = {"$ref": "#/components/schemas/Base"}
TYPES = SchemaTypes(DOCUMENT)


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        ({}, ANY_TYPE),
        (True, ANY_TYPE),
        ({"type": "number"}, {"integer", "number"}),
        ({"type": ["string", "null"]}, {"string", "null"}),
        ({"enum": ["a", 1, None, True, 1.5, [], {}]}, ANY_TYPE),
        ({"const": False}, {"boolean"}),
        (SIZE, {"integer"}),
        ({"$ref": "#/components/schemas/Loop"}, ANY_TYPE),
        ({"anyOf": [SIZE, {"type": "string"}]}, {"integer", "string"}),
        ({"oneOf": [SIZE, {"type": "null"}], "type": ["integer", "string"]}, {"integer"}),
        ({"allOf": [{"type": "number"}, SIZE]}, {"integer"}),
    ],
)
def test_types_are_those_of_all_parts(schema: Any, types: set[str]) -> None:
    assert TYPES.of(schema) == types


def test_members_are_those_of_all_parts() -> None:
    schema = {"allOf": [BASE, {"properties": {"b": SIZE}}], "items": SIZE}

    assert TYPES.properties(schema) == {"a": {}, "b": SIZE}
    assert TYPES.others(schema) is False
    assert TYPES.others({}) is None
    assert TYPES.items(schema) == SIZE
    assert TYPES.items(None) is True


@pytest.mark.parametrize(
    ("schema", "is_free"),
    [
        ({}, True),
        (True, True),
        (False, False),
        ({"type": "string", "format": "binary", "description": "A file."}, True),
        ({"contentMediaType": "image/png"}, True),
        ({"type": "string", "maxLength": 1}, False),
        ({"type": "object"}, False),
    ],
    ids=str,
)
def test_a_schema_is_free_if_it_allows_any_text(schema: Any, is_free: bool) -> None:
    assert TYPES.is_free(schema) is is_free
