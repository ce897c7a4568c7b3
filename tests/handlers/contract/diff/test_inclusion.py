"""Whether one schema includes another: proofs, and values that disprove it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from handlers.contract.diff.inclusion import SEARCH, SUBTRACTION, Unknown, Witness, counterexample
from handlers.contract.diff.operands import Direction, Operand

SIZE: dict[str, Any] = {
    "type": "object",
    "properties": {"size": {"type": "integer"}},
    "required": ["size"],
}
POSITIVE: dict[str, Any] = {
    "type": "object",
    "properties": {"size": {"type": "integer", "minimum": 0}},
    "required": ["size"],
}
TREE: dict[str, Any] = {
    "type": "object",
    "properties": {"child": {"$ref": "#/components/schemas/Tree"}, "leaf": {"type": "integer"}},
}
WIDER_TREE = {
    "type": "object",
    "properties": {"child": {"$ref": "#/components/schemas/Tree"}, "leaf": {"type": "number"}},
}


def has(**schemas: Any) -> dict[str, Any]:
    """A document with these components."""
    return {"components": {"schemas": schemas}}


def refers(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def validator_of(schema: Any) -> Draft202012Validator:
    """A validator that asserts int32, too: jsonschema-rs reads no bounds from formats."""
    return Draft202012Validator(bounded(schema), validate_formats=True)


def bounded(schema: Any) -> Any:
    if isinstance(schema, list):
        return [bounded(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {keyword: bounded(value) for keyword, value in schema.items()}
    if parts.get("format") != "int32":
        return parts
    return {"allOf": [parts, {"minimum": -(2**31), "maximum": 2**31 - 1}]}


def compare(
    narrow: Any,
    wide: Any,
    narrow_document: Any = None,
    wide_document: Any = None,
    direction: Direction = Direction.ANY,
    closed: bool = False,
) -> Any:
    return counterexample(
        Operand(narrow_document or has(), narrow, direction, closed),
        Operand(wide_document or narrow_document or has(), wide, direction),
    )


INCLUDED: dict[str, tuple[Any, Any]] = {
    "the same": (SIZE, SIZE),
    "annotations": ({**SIZE, "description": "A size.", "example": {"size": 1}}, SIZE),
    "a bound less": (POSITIVE, SIZE),
    "a union in another order": (
        {"oneOf": [{"type": "null"}, {"type": "string"}]},
        {"type": ["string", "null"]},
    ),
    "enum and const": ({"const": "a"}, {"enum": ["a", "b"]}),
    "a format that no validator asserts": (
        {"type": "string"},
        {"type": "string", "format": "postcode"},
    ),
    "bounds of int64 spelled out": (
        {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
        {"type": "integer", "format": "int64"},
    ),
    "allOf joined": (
        {"allOf": [SIZE, {"properties": {"name": {"type": "string"}}}]},
        {"type": "object", "properties": {"name": {"type": "string"}}},
    ),
}


@pytest.mark.parametrize("name", INCLUDED)
def test_an_included_schema_is_proved(name: str) -> None:
    assert compare(*INCLUDED[name]) is None


EXCLUDED: dict[str, tuple[Any, Any]] = {
    "a bound": (SIZE, POSITIVE),
    "a bound of items": ({"type": "array", "items": SIZE}, {"type": "array", "items": POSITIVE}),
    "an enum": ({"enum": ["a", "b"]}, {"enum": ["a"]}),
    "null": ({"type": ["string", "null"]}, {"type": "string"}),
    "a required property": (
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
    ),
    "a format": ({"type": "string"}, {"type": "string", "format": "date-time"}),
    "another format": (
        {"type": "string", "format": "date"},
        {"type": "string", "format": "date-time"},
    ),
    "an int32": ({"type": "integer", "format": "int64"}, {"type": "integer", "format": "int32"}),
    "a fraction": ({"type": "number"}, {"type": "integer"}),
    "multiples": ({"type": "integer", "multipleOf": 2}, {"type": "integer", "multipleOf": 3}),
    "a pattern": ({"type": "string", "pattern": r"^\d{4}-\d{2}$"}, {"pattern": "^1"}),
    "the length": ({"type": "string"}, {"type": "string", "minLength": 3}),
    "other properties": (
        {"type": "object", "properties": {"a": True}},
        {"type": "object", "properties": {"a": True}, "additionalProperties": False},
    ),
    "names of properties": ({"type": "object"}, {"propertyNames": {"maxLength": 3}}),
    "properties by pattern": ({}, {"patternProperties": {"^x-": {"type": "string"}}}),
    "the number of properties": ({"type": "object"}, {"minProperties": 2}),
    "the number of items": ({"type": "array"}, {"maxItems": 3}),
    "equal items": ({"type": "array"}, {"uniqueItems": True}),
    "the first item": (
        {"type": "array"},
        {"prefixItems": [{"type": "string"}], "type": "array"},
    ),
    "an item that has to be there": ({"type": "array"}, {"contains": {"const": 1}}),
    "several bounds at once": (
        {"type": "object", "required": ["a", "b"], "properties": {"a": SIZE, "b": SIZE}},
        {"required": ["a", "b"], "properties": {"a": POSITIVE, "b": POSITIVE}},
    ),
    "a branch less": (
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        {"oneOf": [{"type": "string"}, {"type": "boolean"}]},
    ),
    "what no schema admits": ({"type": "string"}, False),
}


@pytest.mark.parametrize("name", EXCLUDED)
def test_a_value_of_only_one_schema_is_returned(name: str) -> None:
    narrow, wide = EXCLUDED[name]
    result = compare(narrow, wide)

    assert isinstance(result, Witness)
    assert result.method == SUBTRACTION
    assert validator_of(narrow).is_valid(result.value)
    assert not validator_of(wide).is_valid(result.value)


def test_references_to_components_of_any_name_are_compared() -> None:
    old, new = has(Thing=SIZE), has(Item=SIZE)

    assert compare(refers("Thing"), refers("Item"), old, new) is None
    assert compare(refers("Thing"), SIZE, old, new) is None


def test_components_of_one_name_may_differ() -> None:
    result = compare(refers("Thing"), refers("Thing"), has(Thing=SIZE), has(Thing=POSITIVE))

    assert result == Witness({"size": -1}, SUBTRACTION)


def test_recursive_schemas_are_compared() -> None:
    strict = {**TREE, "properties": {**TREE["properties"], "leaf": {"type": "string"}}}

    assert compare(refers("Tree"), refers("Tree"), has(Tree=TREE), has(Tree=TREE)) is None
    result = compare(refers("Tree"), refers("Tree"), has(Tree=TREE), has(Tree=strict))
    assert result == Witness({"leaf": 0}, SUBTRACTION)


def test_an_equal_recursive_part_does_not_prevent_a_proof() -> None:
    narrow = {"properties": {"tree": refers("Tree"), "size": {"type": "integer"}}}
    wide = {"properties": {"tree": refers("Baum"), "size": {"type": "number"}}}
    renamed = {
        "type": "object",
        "properties": {"child": refers("Baum"), "leaf": {"type": "integer"}},
    }

    assert compare(narrow, wide, has(Tree=TREE), has(Baum=renamed)) is None


def test_a_recursive_schema_without_a_proof_is_unknown() -> None:
    result = compare(refers("Tree"), refers("Tree"), has(Tree=TREE), has(Tree=WIDER_TREE))

    assert isinstance(result, Unknown)


def test_patterns_that_can_not_be_compared_are_unknown() -> None:
    result = compare({"type": "string", "pattern": "^a+$"}, {"type": "string", "pattern": "^a*$"})

    assert result == Unknown("there is no proof that there is none")


def test_a_value_is_searched_if_no_difference_produces_one() -> None:
    narrow = {"type": "string", "pattern": "^(?=a)[ab]+$", "enum": ["ab", "a"]}
    result = compare(
        {"oneOf": [narrow, {"$ref": "#/components/schemas/Tree"}]},
        {"oneOf": [{"type": "string", "maxLength": 1}, {"$ref": "#/components/schemas/Tree"}]},
        has(Tree=TREE),
        has(Tree=WIDER_TREE),
    )

    assert result == Witness("ab", SEARCH)


def test_the_result_is_unknown_at_the_timeout() -> None:
    result = counterexample(
        Operand(has(), {"type": "string", "pattern": "^a+$"}),
        Operand(has(), {"type": "string", "pattern": "^a*$"}),
        seconds=0,
    )

    assert result == Unknown("the time was up")


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (refers("Nothing"), "#/components/schemas/Nothing does not exist"),
        (
            {"$ref": "other.yaml#/Thing"},
            "other.yaml#/Thing does not lead to a place in the same document",
        ),
        ({"$dynamicRef": "#node"}, "$dynamicRef is not read"),
        ({"type": "text"}, "a schema is invalid"),
        ({"pattern": "("}, "a schema is invalid"),
    ],
)
def test_an_unsupported_or_invalid_schema_is_unknown(schema: Any, reason: str) -> None:
    result = compare(schema, SIZE)

    assert isinstance(result, Unknown)
    assert reason in result.reason


MORE: Any = {**SIZE, "properties": {**SIZE["properties"], "name": {"type": "string"}}}
READ_ONLY: Any = {
    "type": "object",
    "properties": {"pk": {"type": "integer", "readOnly": True}},
    "required": ["pk"],
}


class TestClosed:
    """A producer sends only properties that it describes."""

    def test_an_additional_optional_property_is_no_difference(self) -> None:
        assert compare(SIZE, MORE, closed=True) is None
        assert compare(SIZE, MORE) == Witness({"name": None, "size": 0}, SUBTRACTION)

    def test_an_additional_required_property_is_a_difference(self) -> None:
        required = {**MORE, "required": ["size", "name"]}

        assert compare(SIZE, required, closed=True) == Witness({"size": 0}, SUBTRACTION)

    def test_an_additional_property_is_a_difference_if_the_schema_has_others(self) -> None:
        result = compare({**SIZE, "additionalProperties": True}, MORE, closed=True)

        assert isinstance(result, Witness)
        assert not isinstance(result.value["name"], str)

    @pytest.mark.parametrize(
        "composed",
        [
            {"allOf": [SIZE, {"properties": {"color": {"type": "string"}}}]},
            {"oneOf": [{"type": "null"}, SIZE]},
            {"anyOf": [SIZE, POSITIVE]},
            {"$ref": "#/components/schemas/Thing"},
            {"$ref": "#/components/schemas/Thing", "properties": {"color": True}},
            {"allOf": [{"$ref": "#/components/schemas/Thing"}]},
            {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
        ],
        ids=str,
    )
    def test_composed_schemas_are_closed_as_a_whole(self, composed: Any) -> None:
        document = has(Thing=SIZE)
        wide = {
            "if": {"type": "object"},
            "then": {"properties": {"name": {"type": "string"}}},
            "items": {"properties": {"name": {"type": "string"}}},
        }

        assert compare(composed, wide, document, closed=True) is None
        assert isinstance(compare(composed, wide, document), Witness)

    def test_free_maps_are_not_closed(self) -> None:
        assert isinstance(compare({"type": "object"}, MORE, closed=True), Witness)


class TestDirections:
    """Read-only and write-only properties are sent in one direction only."""

    def test_requests_have_no_read_only_properties(self) -> None:
        assert compare({}, READ_ONLY, direction=Direction.RESPONSE) is not None
        assert compare({"type": "object"}, READ_ONLY, direction=Direction.REQUEST) is None

    def test_the_mark_may_be_in_a_referenced_component(self) -> None:
        document = has(Secret={"type": "string", "writeOnly": True})
        schema = {"type": "object", "required": ["s"], "properties": {"s": refers("Secret")}}

        assert compare({"type": "object"}, schema, document, direction=Direction.RESPONSE) is None


def schemas() -> st.SearchStrategy[Any]:
    """Small schemas with the compared keywords."""
    names = st.sampled_from(["a", "b"])
    simple = st.one_of(
        st.sampled_from([True, False, {}, {"type": "null"}, {"type": "boolean"}]),
        st.fixed_dictionaries(
            {"type": st.sampled_from(["integer", "number"])},
            optional={
                "minimum": st.integers(-2, 2),
                "maximum": st.integers(-2, 2),
                "multipleOf": st.sampled_from([1, 2, 0.5]),
                "format": st.sampled_from(["int32", "money"]),
            },
        ),
        st.fixed_dictionaries(
            {"type": st.sampled_from(["string", ["string", "null"]])},
            optional={
                "minLength": st.integers(0, 2),
                "maxLength": st.integers(0, 2),
                "pattern": st.sampled_from(["^a", "b$", "^[ab]+$"]),
                "format": st.sampled_from(["date", "uuid"]),
            },
        ),
        st.fixed_dictionaries({"enum": st.lists(st.sampled_from(["a", "b", 1, None]), min_size=1)}),
    )
    return st.recursive(
        simple,
        lambda inner: st.one_of(
            st.fixed_dictionaries(
                {"type": st.just("object")},
                optional={
                    "properties": st.dictionaries(names, inner, max_size=2),
                    "required": st.lists(names, unique=True, max_size=2),
                    "additionalProperties": inner,
                    "minProperties": st.integers(0, 2),
                },
            ),
            st.fixed_dictionaries(
                {"type": st.just("array")},
                optional={
                    "items": inner,
                    "prefixItems": st.lists(inner, min_size=1, max_size=2),
                    "minItems": st.integers(0, 2),
                    "maxItems": st.integers(0, 2),
                    "uniqueItems": st.booleans(),
                    "contains": inner,
                },
            ),
            st.fixed_dictionaries(
                {keyword: st.lists(inner, min_size=1, max_size=2) for keyword in ("anyOf",)}
            ),
            st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=2)}),
            st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2)}),
            st.fixed_dictionaries({"not": inner}),
        ),
        max_leaves=5,
    )


VALUES = st.recursive(
    st.sampled_from([None, True, -3, -1, 0, 1, 2, 0.5, "", "a", "b", "ab", "aba", "2026-01-31"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "c"]), inner)
    ),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None)
@given(narrow=schemas(), wide=schemas(), values=st.lists(VALUES, min_size=20, max_size=20))
def test_proofs_and_values_are_correct(narrow: Any, wide: Any, values: list[Any]) -> None:
    result = compare(narrow, wide)
    narrow_validator, wide_validator = validator_of(narrow), validator_of(wide)
    between = [
        value
        for value in values
        if narrow_validator.is_valid(value) and not wide_validator.is_valid(value)
    ]

    if result is None:
        assert not between
    if isinstance(result, Witness):
        assert result.method in {SUBTRACTION, SEARCH}
        assert narrow_validator.is_valid(result.value)
        assert not wide_validator.is_valid(result.value)
