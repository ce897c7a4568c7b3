"""Loading aggregates: plain objects made from rows, which are tracked to find changes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import orjson
import sqlalchemy as sa

from persistence.engine.nodes import is_distributed
from persistence.sql.aggregates import Aggregate, Links, Parts, Projection, View
from persistence.sql.columns import OWNER
from persistence.sql.compiled_query import Connected
from persistence.sql.in_list import in_list
from persistence.sql.load_plans import Block, Layout, LoadPlan, load_plan
from persistence.sql.saving import Tracked

Entries = Iterable[Sequence[Any]]
"""The rows of a block: the owner's pk, then the values of each object."""


def load_roots(
    work: Connected,
    aggregate: Aggregate[Any],
    pks: Sequence[int],
    view: View,
    user_pk: int | None = None,
) -> list[Tracked]:
    """Return the roots with these pks that exist, unordered; with ``user_pk`` only that user's.

    Rows that are referenced several times become one object. Access to an attribute that ``view``
    leaves out raises AttributeError.
    """
    if not pks:
        return []
    if user_pk is None and _needs_user(work, aggregate):
        return _load_by_users(work, aggregate, pks, view)
    plan = load_plan(aggregate, view)
    build = _Build(aggregate)
    if work.connection.dialect.name == "postgresql":
        _add_from_json(work, plan, pks, build, user_pk)
    else:
        _add_by_blocks(work, plan, pks, build, user_pk)
    build.resolve(plan)
    return build.roots


def _needs_user(work: Connected, aggregate: Aggregate[Any]) -> bool:
    return OWNER in aggregate.table.c and is_distributed(work.connection)


def _load_by_users(
    work: Connected, aggregate: Aggregate[Any], pks: Sequence[int], view: View
) -> list[Tracked]:
    """Load the roots of one user after the other: the rows of each are on one node."""
    table = aggregate.table
    found = sa.select(table.c.pk, table.c[OWNER]).where(in_list(table.c.pk, pks))
    by_user = defaultdict(list)
    for pk, user_pk in work.execute(found):
        by_user[user_pk].append(pk)
    return [
        root
        for user_pk, own_pks in by_user.items()
        for root in load_roots(work, aggregate, own_pks, view, user_pk)
    ]


def _add_from_json(
    work: Connected,
    plan: LoadPlan,
    pks: Sequence[int],
    build: "_Build",
    user_pk: int | None = None,
) -> None:
    if user_pk is None:
        rows = plan.as_json.rows(work, {"keys": list(pks)})
    else:
        rows = plan.as_json_of_owner.rows(work, {"keys": list(pks), OWNER: user_pk})
    aggregates = [orjson.loads(text) for (text,) in rows]
    build.add(plan.blocks[0], (entries[0] for entries in aggregates), is_json=True)
    for index, block in enumerate(plan.blocks[1:], 1):
        build.add(
            block, chain.from_iterable(arrays[index] or () for arrays in aggregates), is_json=True
        )


def _add_by_blocks(
    work: Connected,
    plan: LoadPlan,
    pks: Sequence[int],
    build: "_Build",
    user_pk: int | None = None,
) -> None:
    for block in plan.blocks:
        keys = list(pks) if block.owner is None else build.pks(block.owner)
        if block.owner is None and user_pk is not None:
            rows = block.by_owners_of_user.rows(work, {"keys": keys, OWNER: user_pk})
        else:
            rows = block.by_owners.rows(work, {"keys": keys}) if keys else []
        build.add(block, map(block.split, rows), is_json=False)


class _Build:
    """The objects of one load, by table and pk."""

    def __init__(self, aggregate: Aggregate[Any]) -> None:
        self._aggregate = aggregate
        self.roots: list[Tracked] = []
        self._objects: dict[sa.Table, dict[Any, Any]] = defaultdict(dict)
        self._parts: dict[Block, dict[Any, tuple[Any, Tracked]]] = {}

    def pks(self, block: Block) -> list[int]:
        """Return the pks of the parts of ``block``."""
        return list(self._parts[block])

    def add(self, block: Block, entries: Entries, *, is_json: bool) -> None:
        """Create the objects of these rows, and attach them to their owners."""
        if block.owner is None:
            self._add_roots(block, entries, is_json)
        elif isinstance(block.members, Projection):
            owners = self._parts[block.owner]
            for owner_pk, values in entries:
                owners[owner_pk][1].projected.append(_state(block.layouts[0], values, is_json))
        elif isinstance(block.members, Links):
            self._add_linked(block, block.members, entries, is_json)
        else:
            self._add_parts(block, block.members, entries, is_json)

    def resolve(self, plan: LoadPlan) -> None:
        """Set the references to parts of the same aggregate."""
        for block in plan.blocks:
            for attribute, table in block.inner:
                parts = self._objects[table]
                for part, _ in self._parts[block].values():
                    state = vars(part)
                    state[attribute] = parts.get(state[f"{attribute}_pk"])

    def _add_roots(self, block: Block, entries: Entries, is_json: bool) -> None:
        parts = self._parts[block] = {}
        for entry in entries:
            root, state = self._objects_of(block, entry, is_json)
            tracked = Tracked(self._aggregate, root)
            tracked.set_row(self._aggregate.root, root, state)
            self.roots.append(tracked)
            parts[root.pk] = root, tracked

    def _add_parts(self, block: Block, members: Parts, entries: Entries, is_json: bool) -> None:
        owners, parts = self._start(block)
        for entry in entries:
            owner, tracked = owners[entry[0]]
            part, state = self._objects_of(block, entry, is_json)
            tracked.set_row(members, part, state)
            parts[part.pk] = part, tracked
            if block.is_list:
                vars(owner)[block.attribute].append(part)
            else:
                vars(owner)[block.attribute] = part

    def _add_linked(self, block: Block, links: Links, entries: Entries, is_json: bool) -> None:
        owners, _ = self._start(block)
        for entry in entries:
            owner, _ = owners[entry[0]]
            linked, _ = self._objects_of(block, entry, is_json)
            vars(owner)[block.attribute].append(linked)
        for owner, tracked in owners.values():
            pks = {entity.pk for entity in vars(owner)[block.attribute]}
            tracked.set_links(links, owner, pks)

    def _start(
        self, block: Block
    ) -> tuple[dict[Any, tuple[Any, Tracked]], dict[Any, tuple[Any, Tracked]]]:
        """Set the attribute of all owners to empty; return the owners and the parts to fill."""
        owners = self._parts[block.owner] if block.owner else {}
        for owner, _ in owners.values():
            vars(owner)[block.attribute] = [] if block.is_list else None
        parts = self._parts[block] = {}
        return owners, parts

    def _objects_of(
        self, block: Block, entry: Sequence[Any], is_json: bool
    ) -> tuple[Any, dict[str, Any]]:
        """Return the first object of a row, with all that it references, and its values."""
        objects: list[Any] = []
        first: dict[str, Any] = {}
        for layout, values in zip(block.layouts, entry[1:], strict=True):
            objects_of_table = self._objects[layout.table]
            entity = None
            if values[0] is not None and (entity := objects_of_table.get(values[0])) is None:
                state = _state(layout, values, is_json)
                entity = objects_of_table[values[0]] = _new(layout, state)
                first = first or state
            if layout.parent >= 0:
                parent = objects[layout.parent]
                if parent is not None:
                    vars(parent)[layout.attribute] = entity
            objects.append(entity)
        return objects[0], first


def _state(layout: Layout, values: Sequence[Any], is_json: bool) -> dict[str, Any]:
    state = dict(zip(layout.names, values, strict=True))
    if is_json:
        for name, read in layout.converters:
            value = state[name]
            if value is not None:
                state[name] = read(value)
    return state


def _new(layout: Layout, state: dict[str, Any]) -> Any:
    entity: Any = object.__new__(layout.entity)
    vars(entity).update(state)
    return entity
