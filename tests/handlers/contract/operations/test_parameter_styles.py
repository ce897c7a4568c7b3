"""Parameters of every style, with the names of their arguments."""

from typing import Any

import pytest

from domain.shared.errors import InvalidInput
from handlers.contract.operations.parameters import key_of
from tests.support.small_contracts import make_parameters

INTEGER = {"type": "integer"}


class TestStyles:
    @pytest.mark.parametrize(
        ("schema", "query", "value"),
        [
            ({"type": "number"}, b"page=1.5", 1.5),
            ({"type": "number"}, b"page=2", 2),
            ({"type": ["integer", "null"]}, b"page=", None),
            ({"type": ["integer", "null"]}, b"page=7", 7),
            ({"anyOf": [{"type": "integer", "maximum": 9}, {"type": "string"}]}, b"page=9", 9),
            ({"anyOf": [{"type": "integer", "maximum": 9}, {"type": "string"}]}, b"page=10", "10"),
            ({"enum": ["1", 2]}, b"page=1", "1"),
            ({}, b"page=x", "x"),
            ({"type": "array", "items": INTEGER}, b"page=1&page=2", [1, 2]),
        ],
        ids=str,
    )
    def test_convert_texts_to_their_types(
        self, schema: dict[str, Any], query: bytes, value: Any
    ) -> None:
        page = {"in": "query", "schema": schema}

        assert make_parameters(page=page).read({}, query, {}) == {"page": value}

    def test_refuse_values_in_another_style(self) -> None:
        form = {"in": "query", "explode": False, "schema": {"type": "array", "items": INTEGER}}
        with pytest.raises(InvalidInput) as refusal:
            make_parameters(page=form).read({}, b"page=1&page=2", {})
        assert refusal.value.message == "This parameter may be given only once."

        deep = {"in": "query", "style": "deepObject", "schema": {"type": "object"}}
        for query in (b"page[a", b"page[a][b]=1"):
            with pytest.raises(InvalidInput) as refusal:
                make_parameters(page=deep).read({}, query, {})
            assert (refusal.value.field, refusal.value.message) == (
                "page",
                "A valid object is required.",
            )

    def test_validate_every_item(self) -> None:
        page = {"in": "query", "schema": {"type": "array", "items": INTEGER}}

        with pytest.raises(InvalidInput) as refusal:
            make_parameters(page=page).read({}, b"page=1&page=x", {})

        assert refusal.value.field == "page"

    @pytest.mark.parametrize(
        ("place", "style"), [("path", "form"), ("header", "form"), ("cookie", "simple")]
    )
    def test_are_only_for_their_places(self, place: str, style: str) -> None:
        with pytest.raises(ValueError, match=f"the style {style} is not one of a {place}"):
            make_parameters(page={"in": place, "style": style, "schema": INTEGER})

    def test_with_empty_values_need_strings(self) -> None:
        page = {"in": "query", "allowEmptyValue": True, "schema": {"type": "number"}}

        with pytest.raises(ValueError, match="allowEmptyValue"):
            make_parameters(page=page)

    def test_assign_names_to_exploded_objects(self) -> None:
        colour = {"in": "query", "schema": {"type": "object", "properties": {"R": INTEGER}}}
        free = {"in": "query", "schema": {"type": "object", "additionalProperties": True}}
        parameters = make_parameters(colour=colour, limit=INTEGER, others=free)

        values = parameters.read({}, b"R=1&limit=2&b=x&b=y&c=z", {})

        assert values == {"colour": {"R": 1}, "limit": 2, "others": {"b": ["x", "y"], "c": "z"}}

    def test_refuse_objects_with_the_same_names(self) -> None:
        colour = {"in": "query", "schema": {"type": "object", "properties": {"R": INTEGER}}}

        with pytest.raises(ValueError, match="written by the same name"):
            make_parameters(colour=colour, R=INTEGER)

    def test_refuse_parameters_with_the_same_key(self) -> None:
        given: dict[str, Any] = {"a_b": INTEGER, "a-b": INTEGER}

        with pytest.raises(ValueError, match="handed over as a_b"):
            make_parameters(**given)

    def test_of_cookies_and_headers_are_passed_on_if_named(self) -> None:
        sizes = {"in": "header", "schema": {"type": "array", "items": INTEGER}}
        given: dict[str, Any] = {"sort": {"in": "cookie", "schema": INTEGER}, "X-Sizes": sizes}
        parameters = make_parameters(**given)
        headers, cookies = {"X-Sizes": "1, 2"}, {"sort": "3"}
        assert parameters.read({}, b"", headers, cookies) == {}

        parameters.pass_on(["sort", "X_Sizes", "other"])

        assert parameters.read({}, b"", headers, cookies) == {"sort": 3, "X_Sizes": [1, 2]}
        with pytest.raises(InvalidInput):
            parameters.read({}, b"", headers, {"sort": "x"})

    @pytest.mark.parametrize(
        ("name", "key"),
        [("page", "page"), ("page[size]", "page_size"), ("class", "class_"), ("1", "1_")],
    )
    def test_convert_names_to_python_identifiers(self, name: str, key: str) -> None:
        assert key_of(name) == key
