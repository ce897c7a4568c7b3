"""Changes of schemas, each with its place and a payload that shows it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from handlers.contract.diff.changes import Change, Record
from handlers.contract.diff.nodes import node_of
from handlers.contract.diff.operands import Direction, Schema
from handlers.contract.diff.references import Document
from handlers.contract.diff.schema_pairs import SchemaPair

_Key = tuple[str, str, Direction]


@dataclass
class _Part:
    """The changes of a pair of components, and the pairs that it uses."""

    changes: list[Change] = field(default_factory=list)
    uses: set[_Key] = field(default_factory=set)
    operations: set[str] = field(default_factory=set)


class SchemaComparison:
    """Compares schemas of an old document with those of a new one.

    A pair of components is compared once, however many operations use it. ``renamed`` has the names
    of old components that a component of another name replaces.
    """

    def __init__(self, old: Document, new: Document, seconds: float) -> None:
        self.old, self.new = old, new
        self.renamed: dict[str, set[str]] = {}
        self._seconds = seconds
        self._parts: dict[_Key, _Part] = {}

    def compare(
        self, old: Schema, new: Schema, direction: Direction, place: str, operation: str
    ) -> None:
        """Compare the schemas at a place of an operation."""
        self._compare(old, new, direction, place).operations.add(operation)

    def record(self, record: Record) -> None:
        """Pass all changes on, each with its operations."""
        for key, part in self._parts.items():
            for used in self._reached(key) if part.operations else ():
                for change in self._parts[used].changes:
                    record(replace(change, operations=tuple(sorted(part.operations))))

    def _compare(self, old: Schema, new: Schema, direction: Direction, place: str) -> _Part:
        one, other = node_of(self.old, old), node_of(self.new, new)
        if one.component and other.component:
            self.renamed.setdefault(one.component, set()).add(other.component)
            key, place = (one.component, other.component, direction), one.component
        else:
            key = (place, "", direction)
        if key not in self._parts:
            part = self._parts[key] = _Part()
            pair = SchemaPair(one, other, direction, place, self._seconds)
            self._walk(pair, part, frozenset())
        return self._parts[key]

    def _walk(self, pair: SchemaPair, part: _Part, above: frozenset[tuple[int, int]]) -> None:
        """``above``: the pairs of inline schemas around this one, which stop the recursion."""
        part.changes.extend(pair.changes())
        for place, old, new in pair.parts():
            one, other = node_of(self.old, old), node_of(self.new, new)
            ids = (id(old), id(new))
            if one.component and other.component:
                self._compare(old, new, pair.direction, place)
                part.uses.add((one.component, other.component, pair.direction))
            elif ids not in above:
                below = SchemaPair(one, other, pair.direction, place, self._seconds)
                self._walk(below, part, above | {ids})

    def _reached(self, key: _Key) -> Iterator[_Key]:
        """The pair and all that it uses."""
        reached, waiting = {key}, [key]
        while waiting:
            key = waiting.pop()
            yield key
            new = self._parts[key].uses - reached
            reached |= new
            waiting.extend(new)
