"""The differences between a schema and its counterpart, without the schemas below them."""

from collections.abc import Iterator, Mapping
from typing import Any

from handlers.contract.diff.changes import REQUESTS, RESPONSES, Change
from handlers.contract.diff.nodes import Node
from handlers.contract.diff.operands import (
    ASSERTED_FORMATS,
    BOUNDS,
    Direction,
    Operand,
    Schema,
    is_excluded,
)
from handlers.contract.diff.unrolling import equal
from handlers.contract.diff.verdicts import COMPATIBLE, PairVerdicts, Verdict
from handlers.contract.diff.words import ABSENT, from_to
from handlers.contract.document.validators import pointer_to

# Keywords of one group have a meaning only together: a change of one is a change of all.
_GROUPS: tuple[tuple[str, ...], ...] = (
    *((keyword,) for keyword in (
        "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum",
        "exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems",
        "uniqueItems", "maxProperties", "minProperties", "dependentRequired",
        "propertyNames", "dependentSchemas", "not", "oneOf", "anyOf",
    )),
    ("contains", "minContains", "maxContains"),
    ("if", "then", "else"),
)  # fmt: skip
# Their meaning depends on other keywords, so the schema is compared as a whole.
_WHOLE = ("unevaluatedItems", "unevaluatedProperties")
# They are hints for generators, and forbid no value.
_HINTS = frozenset({"float", "double", "byte", "binary", "password"})
_PASSED_OVER = "the server passes over what the client sends by this name"
_ANOTHER_MEANING = "a request without it now means something else"
_DISTINGUISHED_OTHERWISE = "one side does not know how the other tells the alternatives apart"


class SchemaPair:
    """A schema of the old document and its counterpart of the new one.

    ``place`` names where they are: a component or a part of an operation, and the path into it.
    """

    def __init__(
        self, old: Node, new: Node, direction: Direction, place: str, seconds: float
    ) -> None:
        self._old, self._new = old, new
        self.direction = direction
        self._place = place
        self._verdicts = PairVerdicts(old, new, direction, seconds)
        self._sender, self._taker = self._verdicts.sender, self._verdicts.taker

    def parts(self) -> Iterator[tuple[str, Schema, Schema]]:
        """The subschemas that both have, with their places."""
        if not (self._old.is_joined and self._new.is_joined):
            return
        old, new = self._properties(self._old), self._properties(self._new)
        for name in old:
            if name in new:
                yield self._below(name), old[name], new[name]
        for some, keyword in (
            ("prefixItems", "items"),
            ("patternProperties", "additionalProperties"),
        ):
            if self._have_parts(keyword) and not self._differ(some):
                yield self._below("*"), self._old.keywords[keyword], self._new.keywords[keyword]

    def changes(self) -> Iterator[Change]:
        """The changes of the schema itself."""
        yield from self._annotations()
        changes = list(self._assertions())
        if changes and not self._verdicts.are_same_values():
            yield from changes

    def _assertions(self) -> Iterator[Change]:
        if not self._is_comparable():
            old, new = self._old.schema, self._new.schema
            yield self._change("schema", self._verdicts.whole(), from_to(old, new))
            return
        if self._old.nullable != self._new.nullable:
            was, now = (node.nullable for node in self._pair())
            yield self._change("null", self._verdicts.null(), f"{was} → {now}".lower())
        for group in _GROUPS:
            yield from self._group(group)
        yield from self._formats()
        yield from self._required()
        yield from self._property_names()
        yield from self._others("patternProperties", "additionalProperties")
        yield from self._others("prefixItems", "items")

    def _is_comparable(self) -> bool:
        """Whether they can be compared keyword by keyword."""
        if not (self._old.is_joined and self._new.is_joined):
            return False
        return all(self._old.value(key) == self._new.value(key) for key in _WHOLE)

    def _group(self, group: tuple[str, ...]) -> Iterator[Change]:
        old, new = _keywords_in(self._old, group), _keywords_in(self._new, group)
        if old == new and (not old or self._mean_the_same(old, new)):
            return
        assertions = _keywords_in(self._taker, group)
        verdict = self._verdicts.keywords(assertions) if assertions else COMPATIBLE
        yield self._change(group[0], verdict, from_to(_value(old), _value(new)))

    def _mean_the_same(self, old: dict[str, Any], new: dict[str, Any]) -> bool:
        """Whether equal keywords refer to equal schemas."""
        one = Operand(self._old.document, old, self.direction).plain()
        return equal(one, Operand(self._new.document, new, self.direction).plain())

    def _formats(self) -> Iterator[Change]:
        old, new = (node.keywords.get("format", ABSENT) for node in self._pair())
        if old != new and _are_validated(old, new):
            yield self._change("format", self._format(), from_to(old, new))

    def _format(self) -> Verdict:
        """RFC 8259, 6: clients could never rely on integers of more than 64 bits."""
        taken = self._taker.keywords.get("format")
        is_natural = taken == "int64" and "format" not in self._sender.keywords
        if taken is None or (is_natural and self.direction is Direction.REQUEST):
            return COMPATIBLE
        return self._verdicts.keywords({"format": taken})

    def _required(self) -> Iterator[Change]:
        """Properties that both describe, or neither."""
        old, new = self._names("required")
        described = [self._properties(node) for node in (self._old, self._new)]
        for name in sorted(old ^ new):
            if (name in described[0]) != (name in described[1]) or self._is_left_out(name):
                continue
            verdict = COMPATIBLE
            if name in self._taker.keywords.get("required", ()):
                verdict = self._verdicts.keywords({"required": [name]})
            detail = "now required" if name in new else "no longer required"
            yield self._change("required", verdict, detail, name)

    def _property_names(self) -> Iterator[Change]:
        """Properties that only one of both describes."""
        old, new = self._properties(self._old), self._properties(self._new)
        sent, taken = self._properties(self._sender), self._properties(self._taker)
        for name in sorted(old.keys() ^ new.keys()):
            verdict = self._sent(name) if name in sent else self._expected(name, taken[name])
            kind = "property-added" if name in new else "property-removed"
            required = name in (self._new if name in new else self._old).keywords.get(
                "required", ()
            )
            yield self._change(kind, verdict, "required" if required else "optional", name)

    def _sent(self, name: str) -> Verdict:
        """A property that the taker does not describe."""
        others = self._taker.keywords.get("additionalProperties", ABSENT)
        if others is False:
            return self._verdicts.presence(name)
        if others is not ABSENT:
            return self._verdicts.keywords({"properties": {name: others}})
        if self.direction is Direction.REQUEST:
            return Verdict(breaking=True, reason=_PASSED_OVER)
        return COMPATIBLE

    def _expected(self, name: str, schema: Schema) -> Verdict:
        """A property that the sender does not describe."""
        if name in self._taker.keywords.get("required", ()):
            return self._verdicts.keywords({"required": [name]})
        return self._verdicts.keywords({"properties": {name: schema}})

    def _others(self, some: str, others: str) -> Iterator[Change]:
        """Keywords for the first items, or for properties by pattern, and for all others.

        The others are those that the first keyword does not cover, so both are compared together.
        """
        keywords: tuple[str, ...] = (some, others)
        if not self._differ(some):
            if not self._differ(others) or self._have_parts(others):
                return
            keywords = (others,)
        assertions = _keywords_in(self._taker, (some, others))
        verdict = COMPATIBLE
        if any(keyword in assertions for keyword in keywords):
            names = [*self._properties(self._sender), *self._properties(self._taker)]
            described = {"properties": dict.fromkeys(names, True)} if names else {}
            verdict = self._verdicts.keywords({**assertions, **described})
        old, new = (_keywords_in(node, keywords) for node in self._pair())
        yield self._change(keywords[0], verdict, from_to(_value(old), _value(new)))

    def _differ(self, keyword: str) -> bool:
        old, new = (_keywords_in(node, (keyword,)) for node in self._pair())
        return old != new or (bool(old) and not self._mean_the_same(old, new))

    def _have_parts(self, keyword: str) -> bool:
        """Whether both have a schema there, which is compared separately."""
        return all(isinstance(node.keywords.get(keyword), Mapping) for node in self._pair())

    def _pair(self) -> tuple[Node, Node]:
        return self._old, self._new

    def _annotations(self) -> Iterator[Change]:
        """Keywords that forbid no value, and still matter to one side."""
        old, new = (node.keywords.get("format", ABSENT) for node in self._pair())
        if old != new and not _are_validated(old, new):
            yield self._change("format", self._unknown_format(), from_to(old, new))
        if self.direction is Direction.REQUEST:
            yield from self._default()
        yield from self._discriminator()
        old, new = (node.keywords.get("deprecated", False) for node in self._pair())
        if old != new:
            yield self._change("deprecated", COMPATIBLE, from_to(old, new))

    def _unknown_format(self) -> Verdict:
        taken = self._taker.keywords.get("format")
        if taken is None or taken in _HINTS:
            return COMPATIBLE
        return Verdict(breaking=True, reason=f"no validator knows which values are {taken}")

    def _default(self) -> Iterator[Change]:
        old, new = (node.keywords.get("default", ABSENT) for node in self._pair())
        if old == new and type(old) is type(new):
            return
        verdict = Verdict(breaking=True, reason=_ANOTHER_MEANING)
        yield self._change("default", COMPATIBLE if old is ABSENT else verdict, from_to(old, new))

    def _discriminator(self) -> Iterator[Change]:
        old, new = (node.keywords.get("discriminator", {}) for node in self._pair())
        if old == new:
            return
        sent, taken = (
            node.keywords.get("discriminator", {}) for node in (self._sender, self._taker)
        )
        unknown = sent.get("mapping", {}).keys() - taken.get("mapping", {}).keys()
        moved = taken and sent.get("propertyName") != taken.get("propertyName")
        verdict = (
            Verdict(breaking=True, reason=_DISTINGUISHED_OTHERWISE)
            if unknown or moved
            else COMPATIBLE
        )
        yield self._change("discriminator", verdict, from_to(old or ABSENT, new or ABSENT))

    def _change(self, kind: str, verdict: Verdict, detail: str, name: str = "") -> Change:
        return Change(
            kind=kind,
            direction=REQUESTS if self.direction is Direction.REQUEST else RESPONSES,
            place=self._below(name) if name else self._place,
            breaking=verdict.breaking,
            detail=detail,
            witness=verdict.witness,
            reason=verdict.reason,
        )

    def _properties(self, node: Node) -> dict[str, Schema]:
        """The properties of payloads in this direction."""
        return {
            name: schema
            for name, schema in node.keywords.get("properties", {}).items()
            if not is_excluded(node.document, schema, self.direction)
        }

    def _is_left_out(self, name: str) -> bool:
        return any(
            name in node.keywords.get("properties", {}) and name not in self._properties(node)
            for node in self._pair()
        )

    def _names(self, keyword: str) -> tuple[set[str], set[str]]:
        old, new = (set(node.keywords.get(keyword, ())) for node in self._pair())
        return old, new

    def _below(self, part: str) -> str:
        step = pointer_to(part)
        return self._place + step if " /" in self._place else f"{self._place} {step}"


def _keywords_in(node: Node, group: tuple[str, ...]) -> dict[str, Any]:
    return {key: node.keywords[key] for key in group if key in node.keywords}


def _value(assertions: dict[str, Any]) -> Any:
    if not assertions:
        return ABSENT
    return next(iter(assertions.values())) if len(assertions) == 1 else assertions


def _are_validated(*formats: Any) -> bool:
    return all(name is ABSENT or name in ASSERTED_FORMATS or name in BOUNDS for name in formats)
