"""Schemas of an OpenAPI document as plain JSON Schemas that can be compared by their values.

Annotations and formats that no validator asserts are dropped, and so are properties of the other
direction (``readOnly``, ``writeOnly``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from handlers.contract.diff.references import Document, resolve
from handlers.contract.diff.texts import FORMAT_SAMPLES

Schema = bool | Mapping[str, Any]

ASSERTED_FORMATS = frozenset(FORMAT_SAMPLES)
# OpenAPI's formats of integers as bounds: clients keep the values in variables of that size.
BOUNDS = {
    f"{prefix}int{bits}": (low, high)
    for bits in (8, 16, 32, 64)
    for prefix, low, high in (
        ("", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1),
        ("u", 0, 2**bits - 1),
    )
}
BY_NAME = ("properties", "patternProperties", "dependentSchemas")
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
SINGLE = (
    "items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else",
    "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
ASSERTIONS = (
    "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum",
    "exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems",
    "maxContains", "minContains", "maxProperties", "minProperties", "required",
    "dependentRequired",
)  # fmt: skip
# They apply to the value itself, so the properties that they declare are the value's.
_IN_PLACE = ("allOf", "anyOf", "oneOf", "then", "else", "dependentSchemas")
_UNIONS = ("allOf", "anyOf", "oneOf")
# Here fewer values below mean more values above.
_REVERSED = ("not", "if", "contains")
_UNREAD = ("$dynamicRef", "$recursiveRef")


class NotComparable(Exception):
    """The schema can't be compared by its values; the message says why."""


class Direction(Enum):
    """Which way a payload goes; the value is the keyword of properties that do not go that way."""

    REQUEST = "readOnly"
    RESPONSE = "writeOnly"
    ANY = ""


@dataclass(frozen=True)
class Operand:
    """A schema of a document, as one side reads it.

    ``closed``: an object has only the properties that its schema names, unless the schema describes
    others itself. Producers read a document so: they send what it describes. Consumers accept what
    it does not forbid.
    """

    document: Document
    schema: Schema
    direction: Direction = Direction.ANY
    closed: bool = False

    def plain(self) -> dict[str, Any]:
        """An equivalent JSON Schema whose references lead to its own `$defs`.

        Raises NotComparable, and ReferenceMissing for a reference that leads nowhere.
        """
        writer = _Writer(self.document, self.direction)
        root = writer.schema(self.schema, self.closed)
        writer.write_definitions()
        written = dict(root) if isinstance(root, Mapping) else {} if root else {"not": {}}
        return {**written, "$defs": writer.definitions} if writer.definitions else written


@dataclass
class _Writer:
    document: Document
    direction: Direction
    definitions: dict[str, Any] = field(default_factory=dict)
    _names: dict[tuple[str, bool], str] = field(default_factory=dict)

    def write_definitions(self) -> None:
        while waiting := [
            entry for entry in self._names.items() if entry[1] not in self.definitions
        ]:
            for (reference, closed), name in waiting:
                self.definitions[name] = self.schema(resolve(self.document, reference), closed)

    def schema(self, schema: Schema, closed: bool) -> Schema:
        if not isinstance(schema, Mapping):
            return schema
        if unread := next((key for key in _UNREAD if key in schema), None):
            raise NotComparable(f"{unread} is not read")
        closes = closed and not _delegates(schema) and declares(self.document, schema)
        written: dict[str, Any] = {key: schema[key] for key in ASSERTIONS if key in schema}
        _write_format(schema, written)
        self._write_parts(schema, closed, closes, written)
        self._write_reference(schema, closed and not closes, written)
        self._leave_out_other_direction(schema, written)
        if closes and "additionalProperties" not in written:
            written.setdefault("unevaluatedProperties", False)
        return written

    def _write_parts(
        self, schema: Mapping[str, Any], closed: bool, closes: bool, written: dict[str, Any]
    ) -> None:
        for keyword, parts in _parts(schema):
            inside = closed and keyword not in _REVERSED
            if keyword in _IN_PLACE and closes:
                inside = False
            match parts:
                case Mapping() if keyword in BY_NAME:
                    written[keyword] = {
                        name: self.schema(part, inside) for name, part in parts.items()
                    }
                case list():
                    written[keyword] = [self.schema(part, inside) for part in parts]
                case _:
                    written[keyword] = self.schema(parts, inside)

    def _write_reference(
        self, schema: Mapping[str, Any], closed: bool, written: dict[str, Any]
    ) -> None:
        if "$ref" not in schema:
            return
        name = self._names.setdefault((schema["$ref"], closed), f"{len(self._names)}")
        written["$ref"] = f"#/$defs/{name}"

    def _leave_out_other_direction(
        self, schema: Mapping[str, Any], written: dict[str, Any]
    ) -> None:
        excluded = {
            name
            for name, part in schema.get("properties", {}).items()
            if is_excluded(self.document, part, self.direction)
        }
        if excluded:
            written["properties"] = {
                name: part for name, part in written["properties"].items() if name not in excluded
            }
            written["required"] = [
                name for name in schema.get("required", ()) if name not in excluded
            ]


def is_excluded(document: Document, schema: Schema, direction: Direction) -> bool:
    """Whether a property is left out of payloads in this direction."""
    while isinstance(schema, Mapping):
        if schema.get(direction.value) is True:
            return True
        if "$ref" not in schema:
            return False
        schema = resolve(document, schema["$ref"])
    return False


def declares(document: Document, schema: Schema, above: tuple[str, ...] = ()) -> bool:
    """Whether a schema, or one that it refers to, names properties of the value itself."""
    if not isinstance(schema, Mapping):
        return False
    if "properties" in schema:
        return True
    reference = schema.get("$ref")
    return (
        isinstance(reference, str)
        and reference not in above
        and declares(document, resolve(document, reference), (*above, reference))
    ) or any(
        declares(document, part, above)
        for keyword, parts in _parts(schema)
        if keyword in _IN_PLACE
        for part in _schemas_in(keyword, parts)
    )


def _delegates(schema: Mapping[str, Any]) -> bool:
    """Whether every alternative, or the one reference, describes the whole object."""
    if "properties" in schema:
        return False
    places = [schema[key] for key in _UNIONS if key in schema]
    if "$ref" in schema:
        return not places
    return len(places) == 1 and ("allOf" not in schema or len(schema["allOf"]) == 1)


def _parts(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for keyword in (*BY_NAME, *LISTS, *SINGLE):
        if keyword in schema:
            yield keyword, schema[keyword]


def _write_format(schema: Mapping[str, Any], written: dict[str, Any]) -> None:
    form = schema.get("format")
    if form in ASSERTED_FORMATS:
        written["format"] = form
    elif form in BOUNDS:
        low, high = BOUNDS[form]
        written["minimum"] = max(low, schema.get("minimum", low))
        written["maximum"] = min(high, schema.get("maximum", high))


_EXAMPLES = ("const", "default", "example")
_MANY_EXAMPLES = ("enum", "examples")


def literals(operand: Operand) -> Iterator[Any]:
    """The enums, defaults and examples of a schema and of those it refers to."""
    waiting: list[Schema] = [operand.schema]
    visited: set[str] = set()
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, Mapping):
            continue
        yield from (schema[key] for key in _EXAMPLES if key in schema)
        for key in _MANY_EXAMPLES:
            yield from schema.get(key, ())
        for keyword, parts in _parts(schema):
            waiting.extend(_schemas_in(keyword, parts))
        if "$ref" in schema and schema["$ref"] not in visited:
            visited.add(schema["$ref"])
            waiting.append(resolve(operand.document, schema["$ref"]))


def _schemas_in(keyword: str, parts: Any) -> list[Schema]:
    if keyword in BY_NAME:
        return list(parts.values())
    return list(parts) if keyword in LISTS else [parts]
