"""Declarations of aggregates: a root, the rows that are its parts, and the rows that it references.

One declaration has the tables and classes of an aggregate, the columns that lead from the root to
its rows, the attributes that they attach to, and the views that load them. ``loading`` derives
SELECT statements and objects from it, ``saving`` the changes.

Entities are plain dataclasses, whose attributes have the names of the columns. Beside a column
``<name>_pk``, which references another row, the attribute ``<name>`` has that row's object.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa

from persistence.sql.bulk import Row
from persistence.sql.columns import is_derived
from persistence.sql.compiled_query import Connected
from persistence.sql.writes import Writes

Root = TypeVar("Root")


class View(Enum):
    """What an aggregate is loaded for."""

    STATE = auto()
    """For changes: everything with a state or money, and what e-mails mention."""
    SHOWN = auto()
    """For documents: everything that they show."""


_ALWAYS = frozenset(View)
ONLY_STATE = frozenset({View.STATE})
ONLY_SHOWN = frozenset({View.SHOWN})


@dataclass(frozen=True, eq=False, kw_only=True)
class Reference:
    """A row that another row references by its column ``<attribute>_pk``.

    It is loaded with that row, and never written. ``is_part``: it is a part of the same aggregate,
    and loaded as such.
    """

    entity: type
    table: sa.Table
    references: Mapping[str, "Reference"] = field(default_factory=dict)
    views: frozenset[View] = _ALWAYS
    is_part: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class Links:
    """Rows that a part references through the join table ``table`` (``owner``, ``target``).

    They attach as a list by ascending pk. The rows of the join table are parts of the aggregate.
    """

    table: sa.Table
    owner: str
    target: str
    reference: Reference
    views: frozenset[View] = _ALWAYS


@dataclass(frozen=True, eq=False, kw_only=True)
class Parts:
    """The rows of ``table`` whose column ``owner`` has the pk of the row that they are parts of.

    They attach as a list in the order of ``order_by``, or, if ``is_single``, as one object or None.
    """

    entity: type
    table: sa.Table
    owner: str
    order_by: str = "pk"
    is_single: bool = False
    references: Mapping[str, Reference] = field(default_factory=dict)
    links: Mapping[str, Links] = field(default_factory=dict)
    parts: Mapping[str, "Parts"] = field(default_factory=dict)
    views: frozenset[View] = _ALWAYS

    @cached_property
    def columns(self) -> Sequence[str]:
        """The names of the columns, the primary key first."""
        return column_names(self.table)


class SavedRoot(Protocol):
    """A saved root, and the stored rows of its projection."""

    root: Any
    projected: list[Row]

    @property
    def pk(self) -> int: ...


@dataclass(frozen=True, eq=False, kw_only=True)
class Projection:
    """Rows that are derived from the aggregate whenever it is saved.

    For changes they are loaded with it, as dictionaries. ``sync`` gets the saved roots, and adds
    the changes of their rows to what is written.
    """

    table: sa.Table
    owner: str
    sync: Callable[[Writes, Sequence[SavedRoot]], None]


@dataclass(frozen=True, eq=False, kw_only=True)
class Claim:
    """A row of ``table``, inserted with a root, that makes a key of it unique on all nodes."""

    table: sa.Table
    row: Callable[[Any], Row]


@dataclass(frozen=True, eq=False, kw_only=True)
class Aggregate(Generic[Root]):
    """A root with its parts.

    If the table has a column ``version``, every change of any row of the aggregate raises it
    (``version_numbers``). ``changed`` is called after a change of the root's own row.
    """

    entity: type[Root]
    table: sa.Table
    references: Mapping[str, Reference] = field(default_factory=dict)
    parts: Mapping[str, Parts] = field(default_factory=dict)
    projection: Projection | None = None
    claim: Claim | None = None
    changed: Callable[[Connected, Sequence[int]], None] | None = None

    @cached_property
    def root(self) -> Parts:
        """The root in the form of parts."""
        return Parts(
            entity=self.entity,
            table=self.table,
            owner="pk",
            references=self.references,
            parts=self.parts,
        )

    @cached_property
    def all_parts(self) -> Sequence[Parts]:
        """The root and all parts below it."""
        return tuple(_below(self.root))


def _below(members: Parts) -> Iterator[Parts]:
    yield members
    for inner in members.parts.values():
        yield from _below(inner)


def column_names(table: sa.FromClause) -> Sequence[str]:
    """Return the names of the columns that objects have, those of the primary key first."""
    # Plain strings: SQLAlchemy's class for names is refused as a key by JSON encoders.
    key = [str(column.name) for column in table.primary_key]
    others = (column for column in table.c if not is_derived(column))
    return (*key, *(str(column.name) for column in others if column.name not in key))
