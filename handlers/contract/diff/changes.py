"""The changes that a diff finds."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from handlers.contract.diff.inclusion import Witness

REQUESTS = "requests"
RESPONSES = "responses"
CODE = "code"


@dataclass(frozen=True)
class Change:
    """One change, and what it means for a client that was written for the old document.

    ``kind``: what changed, as `property-removed`; the kinds are in docs/contract-changes.md.
    ``direction``: ``requests`` that the client may send, ``responses`` that it may get, or
    ``code`` that was generated for it.
    ``place``: an operation with the part of it, or a component with a path into its values.
    ``detail``: what it was and what it is.
    ``witness``: a payload that one side accepts and the other rejects, at ``place``.
    ``reason``: why it is a break where there is no payload.
    ``operations``: the operationIds (or method and path) that use the place, sorted.
    """

    kind: str
    direction: str
    place: str
    breaking: bool
    detail: str = ""
    witness: Witness | None = None
    reason: str = ""
    operations: tuple[str, ...] = ()

    @property
    def identifier(self) -> str:
        """The name in lists of exceptions, which does not depend on the details."""
        return f"{self.kind} {self.direction} {self.place}"


Record = Callable[[Change], None]


@dataclass
class Changes:
    """The changes of one diff, each once, with all operations that have it."""

    _changes: dict[tuple[Any, ...], Change] = field(default_factory=dict)
    _operations: dict[tuple[Any, ...], set[str]] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        key = (change.kind, change.direction, change.place, change.breaking, change.detail)
        self._changes.setdefault(key, change)
        self._operations.setdefault(key, set()).update(change.operations)

    def all(self) -> list[Change]:
        """The breaking ones first, then by direction, kind and place."""
        changes = [
            Change(**{**vars(change), "operations": tuple(sorted(self._operations[key]))})
            for key, change in self._changes.items()
        ]
        return sorted(changes, key=_order)


@dataclass(frozen=True)
class Site:
    """A place in an operation, where changes are recorded."""

    changes: Changes
    direction: str
    place: str
    operation: str

    def below(self, part: str) -> "Site":
        """A part of the place."""
        return replace(self, place=f"{self.place} {part}")

    def breaks(self, kind: str, reason: str, detail: str = "") -> None:
        """Record a change that breaks clients, and why."""
        self._add(kind, True, detail, reason)

    def allows(self, kind: str, detail: str = "") -> None:
        """Record a compatible change."""
        self._add(kind, False, detail, "")

    def _add(self, kind: str, breaking: bool, detail: str, reason: str) -> None:
        change = Change(
            kind=kind,
            direction=self.direction,
            place=self.place,
            breaking=breaking,
            detail=detail,
            reason=reason,
            operations=(self.operation,) if self.operation else (),
        )
        self.changes.add(change)


def _order(change: Change) -> tuple[Any, ...]:
    directions = (REQUESTS, RESPONSES, CODE)
    return (
        not change.breaking,
        directions.index(change.direction),
        change.kind,
        change.place,
        change.detail,
    )
