"""How an aggregate is loaded: blocks of rows, and the statements that return them.

PostgreSQL returns a whole aggregate as one JSON array, in one statement, which is one snapshot.
SQLite, where statements cost no round trip, has one statement for each block.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from persistence.sql.aggregates import (
    Aggregate,
    Links,
    Parts,
    Projection,
    Reference,
    View,
    column_names,
)
from persistence.sql.columns import OWNER, BigId
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.in_list import in_param
from persistence.sql.json_values import json_reader

_OWNER = sa.bindparam(OWNER, type_=BigId)

Converters = Sequence[tuple[str, Callable[[Any], Any]]]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """One object in the rows of a block: a part, or a row that it references.

    ``parent`` is the index of the object that references it by ``attribute``. ``converters`` read
    values from JSON. The rows of a projection stay dictionaries.
    """

    entity: type
    table: sa.Table
    names: Sequence[str]
    converters: Converters
    parent: int = -1
    attribute: str = ""


@dataclass(eq=False)
class Block:
    """The rows of parts, links or a projection: each has the owner's pk and its objects.

    ``name`` is that of its statement. ``owner`` is the block of the objects that these attach to.
    ``inner`` has the references to parts of the same aggregate, by attribute.
    """

    name: str
    attribute: str
    owner: "Block | None"
    members: Parts | Links | Projection
    source: sa.FromClause
    owner_pk: sa.ColumnElement[int]
    order_by: sa.ColumnElement[Any]
    layouts: list[Layout] = field(default_factory=list)
    columns: list[list[sa.ColumnElement[Any]]] = field(default_factory=list)
    inner: list[tuple[str, sa.Table]] = field(default_factory=list)

    @property
    def is_list(self) -> bool:
        return not (isinstance(self.members, Parts) and self.members.is_single)

    def add(
        self,
        entity: type,
        table: sa.Table,
        rows: sa.FromClause,
        parent: int = -1,
        attribute: str = "",
    ) -> int:
        """Select the columns of an object from ``rows``; return its index."""
        names = column_names(table)
        converters = tuple(
            (name, read) for name in names if (read := json_reader(table.c[name].type))
        )
        self.layouts.append(Layout(entity, table, names, converters, parent, attribute))
        self.columns.append([rows.c[name] for name in names])
        return len(self.layouts) - 1

    def join(
        self, references: Mapping[str, Reference], rows: sa.FromClause, index: int, view: View
    ) -> None:
        """Join the rows that the object at ``index`` references by columns of ``rows``."""
        for attribute, reference in references.items():
            if view not in reference.views:
                continue
            if reference.is_part:
                self.inner.append((attribute, reference.table))
                continue
            target = reference.table.alias()
            self.source = self.source.outerjoin(target, target.c.pk == rows.c[f"{attribute}_pk"])
            named = self.add(reference.entity, reference.table, target, index, attribute)
            self.join(reference.references, target, named, view)

    @cached_property
    def by_owners(self) -> CompiledQuery:
        """The flat rows of all owners in ``keys``: the owner's pk, then the objects' columns."""
        return CompiledQuery(self._flat_rows(self.source), self.name)

    @cached_property
    def by_owners_of_user(self) -> CompiledQuery:
        """The same, with a condition for the user (``OWNER``): for the root's block."""
        rows = self._flat_rows(_owned(self.source))
        return CompiledQuery(rows.where(*_conditions(self.source)), f"{self.name} of a user")

    def _flat_rows(self, source: sa.FromClause) -> sa.Select[Any]:
        # Labels, since a column that is selected twice would be returned once.
        columns = [column.label(None) for columns in self.columns for column in columns]
        rows = sa.select(self.owner_pk.label(None), *columns).select_from(source)
        rows = rows.where(in_param(self.owner_pk, "keys"))
        return rows.order_by(self.owner_pk, self.order_by)

    def entry(self) -> sa.ColumnElement[Any]:
        """One row as a JSON array: the owner's pk, then an array for each object."""
        objects = [sa.func.json_build_array(*columns) for columns in self.columns]
        return sa.func.json_build_array(self.owner_pk, *objects)

    def split(self, row: Sequence[Any]) -> list[Any]:
        """Return a flat row in the form of ``entry``."""
        entry, start = [row[0]], 1
        for layout in self.layouts:
            entry.append(row[start : start + len(layout.names)])
            start += len(layout.names)
        return entry


@dataclass(frozen=True, eq=False)
class LoadPlan:
    """The blocks of an aggregate in one view; owners come first."""

    blocks: Sequence[Block]

    @cached_property
    def as_json(self) -> CompiledQuery:
        """A JSON array for each root in ``keys``: its entry, then an array for each other block."""
        return CompiledQuery(self._as_json(is_owned=False), f"{self.blocks[0].name}.whole")

    @cached_property
    def as_json_of_owner(self) -> CompiledQuery:
        """The same, with a condition for the user (``OWNER``) on each table of the user's rows."""
        name = f"{self.blocks[0].name}.whole of a user"
        return CompiledQuery(self._as_json(is_owned=True), name)

    def _as_json(self, *, is_owned: bool) -> sa.Select[Any]:
        root, *others = self.blocks
        arrays = [_entries_of_root(block, root, is_owned=is_owned) for block in others]
        aggregate = sa.cast(sa.func.json_build_array(root.entry(), *arrays), sa.Text)
        source = _owned(root.source) if is_owned else root.source
        rows = sa.select(aggregate.label("aggregate")).select_from(source)
        rows = rows.where(in_param(root.owner_pk, "keys"))
        return rows.where(*_conditions(root.source)) if is_owned else rows


@cache
def load_plan(aggregate: Aggregate[Any], view: View) -> LoadPlan:
    """Return the plan of ``aggregate`` for ``view``."""
    planner = _Planner(f"load.{aggregate.table.name}.{view.name.lower()}", view)
    root = planner.add_parts("", aggregate.root, None)
    if aggregate.projection is not None and view is View.STATE:
        planner.add_projection(aggregate.projection, root)
    return LoadPlan(planner.blocks)


class _Planner:
    """Collects the blocks of one view."""

    def __init__(self, name: str, view: View) -> None:
        self._name = name
        self._view = view
        self.blocks: list[Block] = []

    def add_parts(self, attribute: str, members: Parts, owner: Block | None) -> Block:
        """Add the block of parts, and the blocks below it."""
        rows = members.table.alias()
        order_by = rows.c[members.order_by]
        name = self._named(attribute, owner)
        block = Block(name, attribute, owner, members, rows, rows.c[members.owner], order_by)
        index = block.add(members.entity, members.table, rows)
        block.join(members.references, rows, index, self._view)
        self.blocks.append(block)
        for name, links in members.links.items():
            if self._view in links.views:
                self._add_links(name, links, block)
        for name, inner in members.parts.items():
            if self._view in inner.views:
                self.add_parts(name, inner, block)
        return block

    def _named(self, attribute: str, owner: Block | None) -> str:
        return self._name if owner is None else f"{owner.name}.{attribute}"

    def add_projection(self, projection: Projection, root: Block) -> None:
        """Add the block of a projection."""
        rows = projection.table.alias()
        name = self._named(projection.table.name, root)
        block = Block(name, "", root, projection, rows, rows.c[projection.owner], rows.c.pk)
        block.add(dict, projection.table, rows)
        self.blocks.append(block)

    def _add_links(self, attribute: str, links: Links, owner: Block) -> None:
        pairs, target = links.table.alias(), links.reference.table.alias()
        source = pairs.join(target, target.c.pk == pairs.c[links.target])
        name = self._named(attribute, owner)
        block = Block(name, attribute, owner, links, source, pairs.c[links.owner], target.c.pk)
        index = block.add(links.reference.entity, links.reference.table, target)
        block.join(links.reference.references, target, index, self._view)
        self.blocks.append(block)


def _entries_of_root(block: Block, root: Block, *, is_owned: bool) -> sa.ColumnElement[Any]:
    """Return a subquery of the JSON array of all rows of ``block`` of one root."""
    entries = sa.func.json_agg(aggregate_order_by(block.entry(), block.order_by))
    source, above, key = block.source, block.owner, block.owner_pk
    while above is not None and above is not root:
        rows = above.members.table.alias()
        source = source.join(rows, rows.c.pk == key)
        key, above = rows.c[above.members.owner], above.owner
    query = sa.select(entries).select_from(_owned(source) if is_owned else source)
    query = query.where(key == root.columns[0][0])
    if is_owned:
        query = query.where(*_conditions(source))
    return query.correlate(root.columns[0][0].table).scalar_subquery()


def _owned(source: sa.FromClause) -> sa.FromClause:
    """Return the joins with a condition for the user on each outer joined table of users' rows.

    In WHERE it would leave out the rows without a match.
    """
    if not isinstance(source, sa.Join):
        return source
    left, right = _owned(source.left), source.right
    condition: Any = source.onclause
    if OWNER in right.c:
        condition = sa.and_(condition, right.c[OWNER] == _OWNER)
    return left.join(right, condition, isouter=source.isouter)


def _conditions(source: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    """Return the condition for the user on the first table of joins."""
    while isinstance(source, sa.Join):
        source = source.left
    return [source.c[OWNER] == _OWNER] if OWNER in source.c else []
