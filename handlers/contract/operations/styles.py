"""The styles of OpenAPI 3.1, by which values are written in parameters, headers and form fields.

A reader takes the pairs of name and decoded text of one parameter. Text is split after decoding, so
items can't contain a delimiter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.contract.operations.schema_types import ANY_TYPE, COMPOUND, SchemaTypes
from handlers.contract.operations.text_values import FromText, candidates, first

Pairs = list[tuple[str, str]]
IsValid = Callable[[Any], bool]

DEFAULT_STYLES = {"query": "form", "path": "simple", "header": "simple", "cookie": "form"}
_STYLES = {
    "query": {"form", "spaceDelimited", "pipeDelimited", "deepObject"},
    "path": {"simple", "label", "matrix"},
    "header": {"simple"},
    "cookie": {"form"},
}
_DELIMITERS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
_OBJECT_ONLY = "deepObject"
_LIST_LIKE = ("spaceDelimited", "pipeDelimited")


class Repeated(ValueError):
    """A value that is allowed once is repeated."""


@dataclass(frozen=True)
class Style:
    """The place of a value, and its style there.

    Raises ValueError for what OpenAPI does not define, or this engine does not support.
    """

    place: str
    name: str
    style: str
    explode: bool

    def __post_init__(self) -> None:
        if self.style not in _STYLES[self.place]:
            raise ValueError(f"the style {self.style} is not one of a {self.place} parameter")

    @property
    def is_spread(self) -> bool:
        """Whether an object's properties are parameters by themselves."""
        return self.place == "query" and self.style == "form" and self.explode

    @property
    def is_repeated(self) -> bool:
        """Whether every item of an array is a parameter of the same name."""
        return self.place == "query" and self.explode


@dataclass(frozen=True)
class Reading:
    """How one parameter is read.

    ``read`` raises ValueError for texts in another style. An object that ``is_spread`` is written
    under the ``names`` of its properties and, where it ``accepts_others``, under any name that no
    other parameter has. ``prefix`` is set for a deepObject.
    """

    read: Callable[[Pairs, IsValid], Any]
    names: frozenset[str] = frozenset()
    accepts_others: bool = False
    is_spread: bool = False
    prefix: str = ""
    kind: str = "string"

    @property
    def has_other_names(self) -> bool:
        """Whether it is written under names other than the parameter's own."""
        return self.is_spread or bool(self.prefix)


def compile_reading(style: Style, schema: Any, types: SchemaTypes) -> Reading:
    """Raises ValueError for a schema whose values are ambiguous in this style."""
    possible = types.of(schema)
    compound = possible & COMPOUND if possible != ANY_TYPE else frozenset()
    if "object" in compound:
        if len(possible - {"null"}) > 1:
            raise ValueError("an object can't be distinguished from other types")
        return _object_reading(style, schema, types)
    if style.style == _OBJECT_ONLY:
        raise ValueError("the style deepObject is for objects alone")
    if "array" in compound:
        return _array_reading(style, schema, types)
    if style.style in _LIST_LIKE:
        raise ValueError(f"the style {style.style} is for arrays and objects alone")
    return _value_reading(style, possible)


def _value_reading(style: Style, possible: frozenset[str]) -> Reading:
    read_all = candidates(possible)

    def read(pairs: Pairs, is_valid: IsValid) -> Any:
        values = read_all(_one_value(style, _one(pairs)))
        return next(filter(is_valid, values), values[-1])

    return Reading(read, kind=next(iter(possible - {"null"})) if len(possible) < 3 else "")


def _array_reading(style: Style, schema: Any, types: SchemaTypes) -> Reading:
    if style.place == "cookie" and style.explode:
        raise ValueError("`explode: true` is not defined for arrays in a cookie")
    read_item = _member(types.items(schema), types)
    otherwise = types.of(schema) - COMPOUND - {"null"}
    read_value = candidates(otherwise)

    def read(pairs: Pairs, is_valid: IsValid) -> Any:
        if otherwise and len(pairs) == 1:
            values = [value for value in read_value(pairs[0][1]) if is_valid(value)]
            if values:
                return values[0]
        texts = [text for _, text in pairs] if style.is_repeated else _listed(style, _one(pairs))
        return [read_item(text) for text in texts]

    return Reading(read, kind="array")


def _object_reading(style: Style, schema: Any, types: SchemaTypes) -> Reading:
    if style.place == "cookie" and style.explode:
        raise ValueError("`explode: true` is not defined for objects in a cookie")
    if style.style in _LIST_LIKE and style.explode:
        raise ValueError(f"`explode: true` is not defined for objects of style {style.style}")
    members = {
        name: _member(member_schema, types)
        for name, member_schema in types.properties(schema).items()
    }
    others = types.others(schema)
    read_other = _member(True if others is None else others, types) if others is not False else str
    is_free = others in ({}, True)  # a property may be a list, written as a repeated name

    def read(pairs: Pairs, _is_valid: IsValid) -> Any:
        document: dict[str, Any] = {}
        for name, text in _members(style, pairs):
            value = members.get(name, read_other)(text)
            if name not in document:
                document[name] = value
            elif name in members or not is_free:
                raise Repeated(name)
            else:
                earlier = document[name]
                document[name] = (
                    [*earlier, value] if isinstance(earlier, list) else [earlier, value]
                )
        return document

    return Reading(
        read,
        names=frozenset(members) if style.is_spread else frozenset(),
        is_spread=style.is_spread,
        accepts_others=style.is_spread and others is not None and others is not False,
        prefix=f"{style.name}[" if style.style == _OBJECT_ONLY else "",
        kind="object",
    )


def _member(schema: Any, types: SchemaTypes) -> FromText:
    """The reader of one item or property, which has to be a primitive value."""
    possible = types.of(schema)
    if possible == ANY_TYPE:
        return first(ANY_TYPE - COMPOUND)
    if possible & COMPOUND:
        raise ValueError("arrays and objects within a parameter are not defined")
    return first(possible)


def _one(pairs: Pairs) -> str:
    if len(pairs) > 1:
        raise Repeated(pairs[0][0])
    return pairs[0][1]


def _one_value(style: Style, text: str) -> str:
    if style.style == "label":
        return _after(".", text)
    if style.style == "matrix":
        return _after(f";{style.name}=", text)
    return text


def _listed(style: Style, text: str) -> list[str]:
    if style.style == "label":
        return _split(_after(".", text), "." if style.explode else _label_delimiter(text))
    if style.style == "matrix" and style.explode:
        named = [part.partition("=") for part in _after(";", text).split(";")]
        if any(name != style.name for name, _, _ in named):
            raise ValueError(text)
        return [value for _, _, value in named]
    if style.style == "matrix":
        return _split(_after(f";{style.name}=", text), ",")
    delimiter = _DELIMITERS[style.style]
    parts = _split(text, delimiter)
    return [part.strip() for part in parts] if style.place == "header" else parts


def _label_delimiter(text: str) -> str:
    """OpenAPI 3.1.0 writes `.blue.black`; 3.1.1 and RFC 6570 write `.blue,black`."""
    return "," if "," in text else "."


def _members(style: Style, pairs: Pairs) -> Pairs:
    if style.is_spread:
        return pairs
    if style.style == _OBJECT_ONLY:
        return [(_deep_name(style, name), text) for name, text in pairs]
    text = _one(pairs)
    if style.explode:
        delimiter = {"label": ".", "matrix": ";"}.get(style.style, ",")
        rest = text if delimiter == "," else _after(delimiter, text)
        return [_named(part) for part in _split(rest, delimiter)]
    flat = _listed(style, text)
    if len(flat) % 2:
        raise ValueError(text)
    return list(zip(flat[::2], flat[1::2], strict=True))


def _deep_name(style: Style, name: str) -> str:
    inner = name.removeprefix(f"{style.name}[")
    if not inner.endswith("]") or "[" in inner:
        raise ValueError(name)
    return inner.removesuffix("]")


def _named(part: str) -> tuple[str, str]:
    name, sign, value = part.strip().partition("=")
    if not sign:
        raise ValueError(part)
    return name, value


def _after(start: str, text: str) -> str:
    if not text.startswith(start):
        raise ValueError(text)
    return text.removeprefix(start)


def _split(text: str, delimiter: str) -> list[str]:
    return text.split(delimiter) if text else []


def style_of(spec: Mapping[str, Any], place: str, name: str) -> Style:
    """The Style of a Parameter, Header or Encoding Object. Raises ValueError."""
    style = spec.get("style", DEFAULT_STYLES[place])
    return Style(place, name, style, spec.get("explode", style == "form"))
