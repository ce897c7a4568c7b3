"""What belongs together: a root, the sets of rows that are its parts, and the rows that it names.

One declaration for each aggregate says all there is to know: which tables and classes, how rows
are found from the root, where they attach, and what they are loaded for. ``loading`` derives the
SELECT statements and the objects from it, ``saving`` the changes.

Entities are plain dataclasses. Their attributes have the names of the columns. A column
``<name>_pk`` that names another row stands beside the attribute ``<name>``, which has that row's
object.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa

from persistence.sql.bulk import Row
from persistence.sql.compiled_query import Connected
from persistence.sql.writes import Writes

Root = TypeVar("Root")


class View(Enum):
    """What an aggregate is loaded for."""

    STATE = auto()
    """To be changed: all that has states or money, and what e-mails name."""
    SHOWN = auto()
    """To be rendered: all that documents show."""


_ALWAYS = frozenset(View)
ONLY_STATE = frozenset({View.STATE})
ONLY_SHOWN = frozenset({View.SHOWN})


@dataclass(frozen=True, eq=False, kw_only=True)
class Reference:
    """A row that another row names by its column ``<attribute>_pk``.

    It is read with that row and never written with it. ``is_part``: it is a part of the same
    aggregate, and loaded as that.
    """

    entity: type
    table: sa.Table
    references: Mapping[str, "Reference"] = field(default_factory=dict)
    views: frozenset[View] = _ALWAYS
    is_part: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class Links:
    """Rows that a part names through ``table``, whose columns ``owner`` and ``target`` pair them.

    They attach as a list, in the order of their pks. The pairs are parts of the aggregate.
    """

    table: sa.Table
    owner: str
    target: str
    reference: Reference
    views: frozenset[View] = _ALWAYS


@dataclass(frozen=True, eq=False, kw_only=True)
class Set:
    """The rows of ``table`` whose column ``owner`` has the pk of the row that they are parts of.

    They attach as a list in the order of ``order_by``, or as one object (or None) where
    ``is_single``.
    """

    entity: type
    table: sa.Table
    owner: str
    order_by: str = "pk"
    is_single: bool = False
    references: Mapping[str, Reference] = field(default_factory=dict)
    links: Mapping[str, Links] = field(default_factory=dict)
    sets: Mapping[str, "Set"] = field(default_factory=dict)
    views: frozenset[View] = _ALWAYS

    @cached_property
    def columns(self) -> Sequence[str]:
        """The names of the columns, the primary key first."""
        return column_names(self.table)


class SavedRoot(Protocol):
    """A root that is saved, and the rows of its projection, as they are stored."""

    root: Any
    projected: list[Row]

    @property
    def pk(self) -> int: ...


@dataclass(frozen=True, eq=False, kw_only=True)
class Projection:
    """Rows that are derived from the aggregate whenever it is saved.

    They are loaded with it for changes, as dictionaries. ``follow`` gets the roots that are saved,
    and adds to what is written whatever makes the rows what these come to.
    """

    table: sa.Table
    owner: str
    follow: Callable[[Writes, Sequence[SavedRoot]], None]


@dataclass(frozen=True, eq=False, kw_only=True)
class Aggregate(Generic[Root]):
    """A root with its parts.

    Where the table has a column ``version``, every change of any row of the aggregate raises it
    (``version_numbers``). ``changed`` is called after a change of the root's own row.
    """

    entity: type[Root]
    table: sa.Table
    references: Mapping[str, Reference] = field(default_factory=dict)
    sets: Mapping[str, Set] = field(default_factory=dict)
    projection: Projection | None = None
    changed: Callable[[Connected, Sequence[int]], None] | None = None

    @cached_property
    def root(self) -> Set:
        """The root as the one row of a set."""
        return Set(
            entity=self.entity,
            table=self.table,
            owner="pk",
            references=self.references,
            sets=self.sets,
        )

    @cached_property
    def all_sets(self) -> Sequence[Set]:
        """The root and all sets below it."""
        return tuple(_below(self.root))


def _below(each: Set) -> Iterator[Set]:
    yield each
    for inner in each.sets.values():
        yield from _below(inner)


def column_names(table: sa.FromClause) -> Sequence[str]:
    """Return the names of the columns, those of the primary key first."""
    # Plain strings: SQLAlchemy's own are of a class that JSON writers refuse as keys.
    key = [str(column.name) for column in table.primary_key]
    return (*key, *(str(column.name) for column in table.c if column.name not in key))
