"""Writing changes: the difference between objects and the rows that they were loaded from.

There is one INSERT for each table, and one UPDATE of the changed columns for each changed row. The
UPDATE of the root's row raises its version.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa

from persistence.sql.aggregates import Aggregate, Links, Parts
from persistence.sql.bulk import Row, insert_rows
from persistence.sql.columns import OWNER, BigId
from persistence.sql.compiled_query import CompiledQuery, Connected
from persistence.sql.in_list import in_param
from persistence.sql.keys import next_pks
from persistence.sql.references import store_references
from persistence.sql.version_numbers import NEW_VERSION, new_version, next_version
from persistence.sql.writes import Writes

MAX_UPDATES = 512

_ROW_PK = "row_pk"
_ROW_OWNER = "row_user_pk"


class Tracked:
    """A root, and the stored rows of it and its parts."""

    def __init__(self, aggregate: Aggregate[Any], root: Any) -> None:
        self.aggregate = aggregate
        self.root = root
        self.raises_version = "version" in aggregate.table.c
        self.projected: list[Row] = []
        self._rows: dict[Any, tuple[Parts, Row]] = {}
        self._links: dict[tuple[Links, Any], set[int]] = {}

    @property
    def pk(self) -> int:
        pk: int = self.root.pk
        return pk

    @property
    def user_pk(self) -> int | None:
        """The user whose rows these are; None for aggregates that no user owns."""
        user_pk: int | None = vars(self.root).get(OWNER)
        return user_pk

    def is_new(self, part: Any) -> bool:
        """Return whether ``part`` is not stored yet."""
        return part not in self._rows

    def row(self, part: Any) -> Row:
        """Return the stored row of ``part``."""
        return self._rows[part][1]

    def set_row(self, members: Parts, part: Any, row: Row) -> None:
        """Record that ``part`` is stored as ``row``."""
        self._rows[part] = members, row

    def drop_row(self, part: Any) -> None:
        """Record that ``part`` was deleted."""
        del self._rows[part]

    def links(self, links: Links, owner: Any) -> set[int]:
        """Return the pks that ``owner`` is linked to in the database."""
        return self._links.get((links, owner), set())

    def set_links(self, links: Links, owner: Any, pks: set[int]) -> None:
        """Record the pks that ``owner`` is linked to."""
        self._links[links, owner] = pks

    def parts(self) -> Iterator["Part"]:
        """Yield the root and all parts, owners first."""
        yield from _walk(self, self.aggregate.root, self.root, None)

    def removed(self, present: Iterable[Any]) -> Iterator[tuple[sa.Table, int, Any]]:
        """Yield table, pk and object of stored parts that are not in ``present``."""
        missing = self._rows.keys() - set(present)
        for part in missing:
            members, row = self._rows[part]
            yield members.table, row["pk"], part


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One object of an aggregate, with its place in it."""

    tracked: Tracked
    members: Parts
    entity: Any
    owner: Any

    def set_foreign_keys(self) -> None:
        """Set the columns of foreign keys from the attributes with the referenced objects.

        Without such an attribute (the view left it out) the column stays.
        """
        state = vars(self.entity)
        for name in self.members.references:
            if name in state:
                referenced = state[name]
                state[f"{name}_pk"] = None if referenced is None else vars(referenced).get("pk")
        if self.owner is not None:
            state[self.members.owner] = vars(self.owner).get("pk")

    def changed(self) -> Row:
        """Return the columns that differ from the stored row, with their new values."""
        state = vars(self.entity)
        return {
            name: state[name]
            for name, before in self.tracked.row(self.entity).items()
            if state[name] is not before and state[name] != before
        }

    def new_row(self) -> Row:
        """Return the row of a part that is not stored yet."""
        return {name: getattr(self.entity, name, None) for name in self.members.columns}


@dataclass(eq=False)
class Changes:
    """The changes of several aggregates that have to be written."""

    new: dict[sa.Table, list[Part]] = field(default_factory=lambda: defaultdict(list))
    updates: dict[Any, tuple[Part, Row]] = field(default_factory=dict)
    linked: list[tuple[Part, Links, set[int]]] = field(default_factory=list)
    removed: list[tuple[Tracked, sa.Table, int, Any]] = field(default_factory=list)
    touched: dict[Tracked, None] = field(default_factory=dict)

    @classmethod
    def of(cls, work: Connected, tracked: Iterable[Tracked]) -> "Changes":
        """Compare the objects with their stored rows; store referenced rows that are new."""
        changes = cls()
        for root in tracked:
            changes._compare(work, root)
        return changes

    def __bool__(self) -> bool:
        return bool(self.touched)

    def write(self, work: Connected) -> None:
        """Write everything, and record the stored rows."""
        self._assign_pks(work)
        self._raise_versions()
        unchanged = [part for part, changed in self.updates.values() if not changed]
        updates = defaultdict(list)
        for part, changed in self.updates.values():
            if changed or len(unchanged) == 1:
                updates[part.members.table].append((part, changed))
        if len(unchanged) > 1:
            _raise_together(work, unchanged)
        writes = Writes(work)
        for table in sorted({*updates, *self.new}, key=_place):
            # Updates first: a row may have to give up a unique key (one open request of a line).
            for part, changed in updates[table]:
                _update(writes, part, changed)
            if table in self.new:
                _insert(writes, table, self.new[table])
        if self.linked or self.removed:
            writes.send()
            self._unlink(work)
        self._sync_projections(writes)

    def _unlink(self, work: Connected) -> None:
        """Write the links and delete removed parts, after all other rows."""
        for part, links, pks in self.linked:
            _write_links(work, part, links, pks)
        # Parts before what they are parts of.
        for tracked, table, pk, entity in sorted(self.removed, key=_place_of, reverse=True):
            work.execute(
                sa.delete(table).where(table.c.pk == pk, *owned_by(table, tracked.user_pk))
            )
            tracked.drop_row(entity)

    def _compare(self, work: Connected, tracked: Tracked) -> None:
        present = []
        is_changed = False
        for part in tracked.parts():
            present.append(part.entity)
            store_references(work, part.members, part.entity)
            is_changed |= self._compare_part(part)
        for table, pk, entity in tracked.removed(present):
            self.removed.append((tracked, table, pk, entity))
            is_changed = True
        if is_changed:
            self.touched[tracked] = None

    def _compare_part(self, part: Part) -> bool:
        part.set_foreign_keys()
        is_changed = False
        if part.tracked.is_new(part.entity):
            self.new[part.members.table].append(part)
            is_changed = True
        elif changed := part.changed():
            self.updates[part.entity] = part, changed
            is_changed = True
        for name, links in part.members.links.items():
            linked = vars(part.entity).get(name)
            if linked is not None:
                pks = {entity.pk for entity in linked}
                if pks != part.tracked.links(links, part.entity):
                    self.linked.append((part, links, pks))
                    is_changed = True
        return is_changed

    def _assign_pks(self, work: Connected) -> None:
        """Set the pks of new parts, and the foreign keys that reference them."""
        if not self.new:
            return
        tables = [table for table, parts in self.new.items() for _ in parts]
        parts = [part for new_parts in self.new.values() for part in new_parts]
        for part, pk in zip(parts, next_pks(work, tables), strict=True):
            part.entity.pk = pk
        for part in parts:
            part.set_foreign_keys()
        # Parts that were moved to a new part get its pk only now.
        for entity, (part, _) in list(self.updates.items()):
            part.set_foreign_keys()
            self.updates[entity] = part, part.changed()

    def _raise_versions(self) -> None:
        for tracked in self.touched:
            if not tracked.raises_version:
                continue
            root = tracked.root
            if tracked.is_new(root):
                root.version = new_version()
            elif root not in self.updates:
                self.updates[root] = Part(tracked, tracked.aggregate.root, root, None), {}

    def _sync_projections(self, writes: Writes) -> None:
        """Add the changes of projections, and send everything."""
        by_aggregate: dict[Aggregate[Any], list[Tracked]] = defaultdict(list)
        for tracked in self.touched:
            by_aggregate[tracked.aggregate].append(tracked)
        for aggregate, touched in by_aggregate.items():
            if aggregate.projection is not None:
                aggregate.projection.sync(writes, touched)
        writes.send()
        for aggregate, touched in by_aggregate.items():
            if aggregate.changed is not None:
                pks = [tracked.pk for tracked in touched if tracked.root in self.updates]
                aggregate.changed(writes.work, pks)


def _walk(tracked: Tracked, members: Parts, entity: Any, owner: Any) -> Iterator[Part]:
    yield Part(tracked, members, entity, owner)
    state = vars(entity)
    for name, inner in members.parts.items():
        below = state.get(name)
        if below is not None:
            for part in [below] if inner.is_single else below:
                yield from _walk(tracked, inner, part, entity)


def _place(table: sa.Table) -> int:
    """Return the position of a table in the order of foreign keys."""
    return _places(table.metadata)[table]


@lru_cache(1)
def _places(metadata: sa.MetaData) -> dict[sa.Table, int]:
    return {table: place for place, table in enumerate(metadata.sorted_tables)}


def _place_of(removed: tuple[Tracked, sa.Table, int, Any]) -> int:
    return _place(removed[1])


def _insert(writes: Writes, table: sa.Table, parts: Sequence[Part]) -> None:
    claim = parts[0].tracked.aggregate.claim
    if claim is not None and table is parts[0].tracked.aggregate.table:
        writes.insert(claim.table, [claim.row(part.entity) for part in parts])
    rows = [part.new_row() for part in parts]
    writes.insert(table, [_stored_row(part, row) for part, row in zip(parts, rows, strict=True)])
    for part, row in zip(parts, rows, strict=True):
        vars(part.entity).update(row)
        part.tracked.set_row(part.members, part.entity, row)


def _stored_row(part: Part, row: Row) -> Row:
    """Return the row with the user whose it is."""
    if row.get(OWNER) is None and OWNER in part.members.table.c:
        return row | {OWNER: part.tracked.user_pk}
    return row


def owned_by(table: sa.Table, user_pk: int | None) -> list[sa.ColumnElement[bool]]:
    """Return the condition for the rows of a user, if rows of ``table`` are a user's."""
    return [table.c[OWNER] == user_pk] if OWNER in table.c else []


def _update(writes: Writes, part: Part, changed: Row) -> None:
    table, row = part.members.table, part.tracked.row(part.entity)
    values = changed | {_ROW_PK: part.entity.pk}
    if OWNER in table.c:
        values[_ROW_OWNER] = part.tracked.user_pk
    row.update(changed)
    if part.entity is not part.tracked.root or not part.tracked.raises_version:
        writes.update(table, _update_of(table, tuple(changed), False), values)
        return

    def take_version(version: int) -> None:
        # Without a lock, another writer may have raised it since it was loaded.
        part.entity.version = row["version"] = version

    values[NEW_VERSION] = new_version()
    writes.update(table, _update_of(table, tuple(changed), True), values, take_version)


def _raise_together(work: Connected, roots: Sequence[Part]) -> None:
    """Raise the versions of roots whose own rows have not changed."""
    by_table: dict[sa.Table, dict[int, Part]] = defaultdict(dict)
    for part in roots:
        by_table[part.members.table][part.entity.pk] = part
    for table, parts in by_table.items():
        values: Row = {"pks": [*parts], NEW_VERSION: new_version()}
        if OWNER in table.c:
            values["user_pks"] = sorted({part.tracked.user_pk for part in parts.values()})
        for pk, version in _raise_of(table).rows(work, values):
            part = parts[pk]
            part.entity.version = part.tracked.row(part.entity)["version"] = version


@cache
def _raise_of(table: sa.Table) -> CompiledQuery:
    update = sa.update(table).where(in_param(table.c.pk, "pks"))
    if OWNER in table.c:
        update = update.where(in_param(table.c[OWNER], "user_pks"))
    update = update.values(version=next_version(table.c.version))
    return CompiledQuery(update.returning(table.c.pk, table.c.version))


@lru_cache(MAX_UPDATES)
def _update_of(table: sa.Table, names: Sequence[str], is_versioned: bool) -> CompiledQuery:
    values: dict[str, Any] = {
        name: sa.bindparam(name, type_=table.c[name].type) for name in names if name != "version"
    }
    update = sa.update(table).where(table.c.pk == sa.bindparam(_ROW_PK))
    if OWNER in table.c:
        update = update.where(table.c[OWNER] == sa.bindparam(_ROW_OWNER, type_=BigId))
    if not is_versioned:
        return CompiledQuery(update.values(values))
    update = update.values(values | {"version": next_version(table.c.version)})
    return CompiledQuery(update.returning(table.c.version))


def _write_links(work: Connected, part: Part, links: Links, pks: set[int]) -> None:
    before, owner = part.tracked.links(links, part.entity), part.entity.pk
    columns = links.table.c
    if before - pks:
        removed = columns[links.target].in_(before - pks)
        own = owned_by(links.table, part.tracked.user_pk)
        work.execute(sa.delete(links.table).where(columns[links.owner] == owner, removed, *own))
    key = {links.owner: owner}
    if OWNER in columns:
        key[OWNER] = part.tracked.user_pk
    new = [{**key, links.target: pk} for pk in sorted(pks - before)]
    insert_rows(work, links.table, new)
    part.tracked.set_links(links, part.entity, pks)
