"""Plain schemas without references; recursion ends in a bound from one side."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.contract.diff.operands import BY_NAME, LISTS, SINGLE, NotComparable, Schema

_MOST_NODES = 20_000
_AT = "#/$defs/"
# More values in such a part do not mean more values of the whole.
_NOT_MONOTONE = ("oneOf", "not", "if", "contains", "unevaluatedItems", "unevaluatedProperties")


def unrolled(
    plain: Mapping[str, Any], depth: int, *, rest: bool, left: Mapping[str, str] | None = None
) -> Schema:
    """``plain`` without references; a definition ``depth`` times inside itself becomes ``rest``.

    References to a definition that ``left`` names stay, with the name that it gives.

    With ``rest`` true, the result admits every value of ``plain``, and perhaps more; with false it
    admits no value that ``plain`` does not. Without recursion it admits the same.
    Raises NotComparable for a schema that grows too large.
    """
    return _Unrolling(plain.get("$defs", {}), depth, rest, left or {}).schema(plain, ())


def recursive(plain: Mapping[str, Any]) -> list[str]:
    """The names of the definitions that refer to themselves."""
    definitions = plain.get("$defs", {})
    leads = {name: set(_references(definition)) for name, definition in definitions.items()}
    for _ in leads:
        for name, targets in leads.items():
            leads[name] = targets.union(*(leads[target] for target in targets))
    return [name for name, targets in leads.items() if name in targets]


def equal_definitions(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, str]:
    """By name, recursive definitions of ``other`` that equal one of ``one``."""
    return {
        theirs: ours
        for theirs in recursive(other)
        for ours in recursive(one)
        if _Equality(one["$defs"], other["$defs"]).holds(
            {"$ref": _AT + ours}, {"$ref": _AT + theirs}
        )
    }


def equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two plain schemas are equal, whatever the names of their definitions."""
    bodies = [{key: schema[key] for key in schema if key != "$defs"} for schema in (one, other)]
    return _Equality(one.get("$defs", {}), other.get("$defs", {})).holds(*bodies)


class _Equality:
    def __init__(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        self._one, self._other = one, other
        self._assumed: set[tuple[str, str]] = set()

    def holds(self, one: Any, other: Any) -> bool:
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            if one.keys() != other.keys():
                return False
            if isinstance(one.get("$ref"), str) and isinstance(other.get("$ref"), str):
                return self._targets(one, other)
            return all(self.holds(one[key], other[key]) for key in one)
        if isinstance(one, list) and isinstance(other, list):
            return len(one) == len(other) and all(map(self.holds, one, other))
        return type(one) is type(other) and bool(one == other)

    def _targets(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        names = one["$ref"].removeprefix(_AT), other["$ref"].removeprefix(_AT)
        if names not in self._assumed:
            self._assumed.add(names)
            if not self.holds(self._one[names[0]], self._other[names[1]]):
                return False
        return all(self.holds(one[key], other[key]) for key in one if key != "$ref")


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix(_AT)
        for keyword in (*BY_NAME, *LISTS, *SINGLE):
            part = schema.get(keyword)
            for parts in part.values() if keyword in BY_NAME and part else [part]:
                for one in parts if isinstance(parts, list) else [parts]:
                    yield from _references(one)


@dataclass
class _Unrolling:
    definitions: Mapping[str, Any]
    depth: int
    rest: bool
    left: Mapping[str, str]
    nodes: int = 0
    cuts: int = 0

    def schema(self, schema: Schema, above: tuple[str, ...]) -> Schema:
        """``above``: the definitions around this schema, the outermost first."""
        self.nodes += 1
        if self.nodes > _MOST_NODES:
            raise NotComparable("with its references unrolled, the schema is too large")
        if not isinstance(schema, Mapping):
            return schema
        written = {
            key: value
            for key, value in schema.items()
            if key not in (*BY_NAME, *LISTS, *SINGLE, "$defs", "$ref")
        }
        for keyword in (*BY_NAME, *LISTS, *SINGLE):
            if keyword in schema:
                before = self.cuts
                part = self._part(keyword, schema[keyword], above)
                if self.cuts == before or keyword not in _NOT_MONOTONE:
                    written[keyword] = part
                elif not self.rest:
                    return False
                elif keyword == "oneOf":
                    written.setdefault("allOf", []).append({"anyOf": part})
        if "$ref" in schema:
            target = self._target(schema["$ref"].removeprefix(_AT), above)
            if not written:
                return target
            written["allOf"] = [*written.get("allOf", ()), target]
        return written

    def _part(self, keyword: str, part: Any, above: tuple[str, ...]) -> Any:
        if keyword in BY_NAME:
            return {name: self.schema(schema, above) for name, schema in part.items()}
        if keyword in LISTS:
            return [self.schema(schema, above) for schema in part]
        return self.schema(part, above)

    def _target(self, name: str, above: tuple[str, ...]) -> Schema:
        if name in self.left:
            return {"$ref": _AT + self.left[name]}
        if above.count(name) > self.depth:
            self.cuts += 1
            return self.rest
        return self.schema(self.definitions[name], (*above, name))
