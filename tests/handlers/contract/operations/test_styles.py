"""The examples of OpenAPI 3.1, Style Values and Style Examples, and invalid texts by style."""

from typing import Any

import pytest

from handlers.contract.operations.schema_types import SchemaTypes
from handlers.contract.operations.styles import Pairs, Style, compile_reading

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
COLOURS = {"type": "array", "items": TEXT}
COLOUR = {"type": "object", "properties": dict.fromkeys("RGB", NUMBER)}
LIST, OBJECT = ["blue", "black", "brown"], {"R": 100, "G": 200, "B": 150}
SPREAD = [("R", "100"), ("G", "200"), ("B", "150")]


def read(place: str, style: str, explode: bool, schema: Any, pairs: Pairs | str) -> Any:
    reading = compile_reading(Style(place, "color", style, explode), schema, SchemaTypes({}))
    given = [("color", pairs)] if isinstance(pairs, str) else pairs
    return reading.read(given, lambda _value: True)


@pytest.mark.parametrize(
    ("place", "style", "explode", "schema", "text", "value"),
    [
        ("path", "matrix", False, TEXT, ";color=blue", "blue"),
        ("path", "matrix", False, COLOURS, ";color=blue,black,brown", LIST),
        ("path", "matrix", False, COLOUR, ";color=R,100,G,200,B,150", OBJECT),
        ("path", "matrix", True, COLOURS, ";color=blue;color=black;color=brown", LIST),
        ("path", "matrix", True, COLOUR, ";R=100;G=200;B=150", OBJECT),
        ("path", "label", False, TEXT, ".blue", "blue"),
        ("path", "label", False, COLOURS, ".blue.black.brown", LIST),
        ("path", "label", False, COLOURS, ".blue,black,brown", LIST),
        ("path", "label", True, COLOURS, ".blue.black.brown", LIST),
        ("path", "label", False, COLOUR, ".R,100,G,200,B,150", OBJECT),
        ("path", "label", True, COLOUR, ".R=100.G=200.B=150", OBJECT),
        ("path", "simple", False, COLOURS, "blue,black,brown", LIST),
        ("path", "simple", False, COLOUR, "R,100,G,200,B,150", OBJECT),
        ("path", "simple", True, COLOUR, "R=100,G=200,B=150", OBJECT),
        ("header", "simple", False, COLOURS, "blue, black,brown", LIST),
        ("header", "simple", True, COLOUR, "R=100, G=200,B=150", OBJECT),
        ("query", "form", False, COLOURS, "blue,black,brown", LIST),
        ("query", "form", True, COLOURS, [("color", color) for color in LIST], LIST),
        ("query", "form", False, COLOUR, "R,100,G,200,B,150", OBJECT),
        ("query", "form", True, COLOUR, SPREAD, OBJECT),
        ("query", "spaceDelimited", False, COLOURS, "blue black brown", LIST),
        ("query", "spaceDelimited", False, COLOUR, "R 100 G 200 B 150", OBJECT),
        ("query", "pipeDelimited", False, COLOURS, "blue|black|brown", LIST),
        ("query", "pipeDelimited", False, COLOUR, "R|100|G|200|B|150", OBJECT),
        ("query", "pipeDelimited", True, COLOURS, [("color", color) for color in LIST], LIST),
        ("query", "deepObject", True, COLOUR, [(f"color[{k}]", v) for k, v in SPREAD], OBJECT),
        ("cookie", "form", False, COLOURS, "blue,black,brown", LIST),
        ("cookie", "form", False, COLOUR, "R,100,G,200,B,150", OBJECT),
        ("query", "form", False, COLOURS, "", []),
    ],
    ids=str,
)
def test_every_style_is_read(
    place: str, style: str, explode: bool, schema: Any, text: Any, value: Any
) -> None:
    assert read(place, style, explode, schema, text) == value


@pytest.mark.parametrize(
    ("place", "style", "explode", "schema", "text"),
    [
        ("path", "matrix", False, TEXT, "blue"),
        ("path", "matrix", True, COLOURS, ";size=1"),
        ("path", "label", False, TEXT, "blue"),
        ("path", "simple", False, COLOUR, "R,100,G"),
        ("path", "simple", True, COLOUR, "R=100,G"),
        ("query", "deepObject", True, COLOUR, [("color[R", "1")]),
        ("query", "deepObject", True, COLOUR, [("color[R][x]", "1")]),
        ("query", "form", False, COLOURS, [("color", "a"), ("color", "b")]),
        ("query", "form", True, COLOUR, [("R", "1"), ("R", "2")]),
    ],
    ids=str,
)
def test_values_in_another_style_are_refused(
    place: str, style: str, explode: bool, schema: Any, text: Any
) -> None:
    with pytest.raises(ValueError, match=r"^[^ ]*$"):  # the text, not a reason of the start
        read(place, style, explode, schema, text)


@pytest.mark.parametrize(
    ("place", "style", "explode", "schema", "reason"),
    [
        ("query", "deepObject", True, TEXT, "is for objects alone"),
        ("query", "pipeDelimited", False, TEXT, "is for arrays and objects alone"),
        ("query", "pipeDelimited", True, COLOUR, "is not defined for objects of style"),
        ("cookie", "form", True, COLOURS, "is not defined for arrays in a cookie"),
        ("cookie", "form", True, COLOUR, "is not defined for objects in a cookie"),
        (
            "query",
            "form",
            True,
            {"type": ["object", "string"]},
            "can't be distinguished from other types",
        ),
        ("query", "form", True, {"type": "array", "items": COLOURS}, "are not defined"),
        ("query", "form", True, {"type": "object", "properties": {"a": COLOUR}}, "not defined"),
    ],
    ids=str,
)
def test_undefined_combinations_are_named(
    place: str, style: str, explode: bool, schema: Any, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        read(place, style, explode, schema, "")


def test_a_list_or_one_value_is_read_by_the_valid_alternative() -> None:
    either = {"anyOf": [NUMBER, COLOURS]}
    reading = compile_reading(Style("query", "color", "form", True), either, SchemaTypes({}))

    assert reading.read([("color", "1")], lambda value: value == 1) == 1
    assert reading.read([("color", "a")], lambda value: isinstance(value, list)) == ["a"]
