"""Writing what was changed: the difference between objects and the rows that they were made of.

One INSERT for each table, and one UPDATE of the changed columns for each changed row. The version
of the root is raised in the UPDATE of its row.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import sqlalchemy as sa

from persistence.sql.aggregates import Aggregate, Links, Set
from persistence.sql.bulk import Row, insert_rows
from persistence.sql.compiled_query import CompiledQuery, Connected
from persistence.sql.in_list import among_given
from persistence.sql.keys import next_pks
from persistence.sql.references import store_references
from persistence.sql.version_numbers import MOMENT, raised, this_moment
from persistence.sql.writes import Writes

MAX_UPDATES = 512

_ROW_PK = "row_pk"


class Tracked:
    """A root, and the rows that it and its parts are stored as."""

    def __init__(self, aggregate: Aggregate[Any], root: Any) -> None:
        self.aggregate = aggregate
        self.root = root
        self.projected: list[Row] = []
        self._rows: dict[Any, tuple[Set, Row]] = {}
        self._links: dict[tuple[Links, Any], set[int]] = {}

    @property
    def pk(self) -> int:
        pk: int = self.root.pk
        return pk

    @property
    def is_versioned(self) -> bool:
        return "version" in self.aggregate.table.c

    def is_new(self, part: Any) -> bool:
        """Say whether ``part`` is not stored yet."""
        return part not in self._rows

    def row(self, part: Any) -> Row:
        """Return the row that ``part`` is stored as."""
        return self._rows[part][1]

    def remember(self, members: Set, part: Any, row: Row) -> None:
        """Note that ``part`` is stored as ``row``."""
        self._rows[part] = members, row

    def forget(self, part: Any) -> None:
        """Note that ``part`` is stored no longer."""
        del self._rows[part]

    def links(self, links: Links, owner: Any) -> set[int]:
        """Return the pks of what ``owner`` is linked to."""
        return self._links.get((links, owner), set())

    def remember_links(self, links: Links, owner: Any, pks: set[int]) -> None:
        """Note what ``owner`` is linked to."""
        self._links[links, owner] = pks

    def parts(self) -> Iterator["Part"]:
        """Yield the root and all parts, owners first."""
        yield from _walk(self, self.aggregate.root, self.root, None)

    def removed(self, present: Iterable[Any]) -> Iterator[tuple[sa.Table, int, Any]]:
        """Yield table, pk and object of what is stored and not ``present`` any more."""
        gone = self._rows.keys() - set(present)
        for part in gone:
            members, row = self._rows[part]
            yield members.table, row["pk"], part


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One object of an aggregate, where it stands, and which columns differ from its row."""

    tracked: Tracked
    members: Set
    entity: Any
    owner: Any

    def refer(self) -> None:
        """Have the columns name the rows that the attributes have.

        What a view leaves out has its column alone.
        """
        state = vars(self.entity)
        for name in self.members.references:
            if name in state:
                named = state[name]
                state[f"{name}_pk"] = None if named is None else vars(named).get("pk")
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
    """What has to be written of some aggregates."""

    new: dict[sa.Table, list[Part]] = field(default_factory=lambda: defaultdict(list))
    updates: dict[Any, tuple[Part, Row]] = field(default_factory=dict)
    linked: list[tuple[Part, Links, set[int]]] = field(default_factory=list)
    removed: list[tuple[Tracked, sa.Table, int, Any]] = field(default_factory=list)
    touched: dict[Tracked, None] = field(default_factory=dict)

    @classmethod
    def of(cls, work: Connected, tracked: Iterable[Tracked]) -> "Changes":
        """Compare the objects with the rows that they are stored as.

        What they name for the first time is stored.
        """
        changes = cls()
        for each in tracked:
            changes._compare(work, each)
        return changes

    def __bool__(self) -> bool:
        return bool(self.touched)

    def write(self, work: Connected) -> None:
        """Write everything; the objects know afterwards what is stored."""
        self._number(work)
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
            # One row may have to give way to another: only one request of a line is open.
            for part, changed in updates[table]:
                _update(writes, part, changed)
            if table in self.new:
                _insert(writes, table, self.new[table])
        if self.linked or self.removed:
            writes.send()
            self._unlink(work)
        self._follow(writes)

    def _unlink(self, work: Connected) -> None:
        """Write the links, and remove what is gone: both come after all other rows."""
        for part, links, pks in self.linked:
            _write_links(work, part, links, pks)
        for tracked, table, pk, entity in sorted(self.removed, key=_from_below):
            work.execute(sa.delete(table).where(table.c.pk == pk))
            tracked.forget(entity)

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
        part.refer()
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
                pks = {each.pk for each in linked}
                if pks != part.tracked.links(links, part.entity):
                    self.linked.append((part, links, pks))
                    is_changed = True
        return is_changed

    def _number(self, work: Connected) -> None:
        """Give all new parts their pks, and name these where other parts name them."""
        if not self.new:
            return
        tables = [table for table, parts in self.new.items() for _ in parts]
        parts = [part for each in self.new.values() for part in each]
        for part, pk in zip(parts, next_pks(work, tables), strict=True):
            part.entity.pk = pk
        for part in parts:
            part.refer()
        # What was moved to a new part names it only now.
        for entity, (part, _) in list(self.updates.items()):
            part.refer()
            self.updates[entity] = part, part.changed()

    def _raise_versions(self) -> None:
        for tracked in self.touched:
            if not tracked.is_versioned:
                continue
            root = tracked.root
            if tracked.is_new(root):
                root.version = this_moment()
            elif root not in self.updates:
                self.updates[root] = Part(tracked, tracked.aggregate.root, root, None), {}

    def _follow(self, writes: Writes) -> None:
        """Write what follows from all of it, and send it."""
        by_aggregate: dict[Aggregate[Any], list[Tracked]] = defaultdict(list)
        for tracked in self.touched:
            by_aggregate[tracked.aggregate].append(tracked)
        for aggregate, touched in by_aggregate.items():
            if aggregate.projection is not None:
                aggregate.projection.follow(writes, touched)
        writes.send()
        for aggregate, touched in by_aggregate.items():
            if aggregate.changed is not None:
                pks = [each.pk for each in touched if each.root in self.updates]
                aggregate.changed(writes.work, pks)


def _walk(tracked: Tracked, members: Set, entity: Any, owner: Any) -> Iterator[Part]:
    yield Part(tracked, members, entity, owner)
    state = vars(entity)
    for name, inner in members.sets.items():
        below = state.get(name)
        if below is not None:
            for each in [below] if inner.is_single else below:
                yield from _walk(tracked, inner, each, entity)


def _place(table: sa.Table) -> int:
    """Return the place of a table among all: what it refers to comes before it."""
    return _places(table.metadata)[table]


@lru_cache(1)
def _places(metadata: sa.MetaData) -> dict[sa.Table, int]:
    return {table: place for place, table in enumerate(metadata.sorted_tables)}


def _from_below(removed: tuple[Tracked, sa.Table, int, Any]) -> int:
    return -_place(removed[1])


def _insert(writes: Writes, table: sa.Table, parts: Sequence[Part]) -> None:
    rows = [part.new_row() for part in parts]
    writes.insert(table, rows)
    for part, row in zip(parts, rows, strict=True):
        vars(part.entity).update(row)
        part.tracked.remember(part.members, part.entity, row)


def _update(writes: Writes, part: Part, changed: Row) -> None:
    table, row = part.members.table, part.tracked.row(part.entity)
    values = changed | {_ROW_PK: part.entity.pk}
    row.update(changed)
    if part.entity is not part.tracked.root or not part.tracked.is_versioned:
        writes.update(table, _update_of(table, tuple(changed), False), values)
        return

    def take(version: int) -> None:
        # Another writer may have raised it since it was read, where this one has no lock.
        part.entity.version = row["version"] = version

    values[MOMENT] = this_moment()
    writes.update(table, _update_of(table, tuple(changed), True), values, take)


def _raise_together(work: Connected, roots: Sequence[Part]) -> None:
    """Raise the versions of roots whose own rows have no other changes."""
    by_table: dict[sa.Table, dict[int, Part]] = defaultdict(dict)
    for part in roots:
        by_table[part.members.table][part.entity.pk] = part
    for table, parts in by_table.items():
        values = {"pks": [*parts], MOMENT: this_moment()}
        for pk, version in _raise_of(table).rows(work, values):
            part = parts[pk]
            part.entity.version = part.tracked.row(part.entity)["version"] = version


@cache
def _raise_of(table: sa.Table) -> CompiledQuery:
    raising = sa.update(table).where(among_given(table.c.pk, "pks"))
    raising = raising.values(version=raised(table.c.version))
    return CompiledQuery(raising.returning(table.c.pk, table.c.version))


@lru_cache(MAX_UPDATES)
def _update_of(table: sa.Table, names: Sequence[str], is_versioned: bool) -> CompiledQuery:
    values: dict[str, Any] = {
        name: sa.bindparam(name, type_=table.c[name].type) for name in names if name != "version"
    }
    change = sa.update(table).where(table.c.pk == sa.bindparam(_ROW_PK))
    if not is_versioned:
        return CompiledQuery(change.values(values))
    change = change.values(values | {"version": raised(table.c.version)})
    return CompiledQuery(change.returning(table.c.version))


def _write_links(work: Connected, part: Part, links: Links, pks: set[int]) -> None:
    before, owner = part.tracked.links(links, part.entity), part.entity.pk
    columns = links.table.c
    if before - pks:
        gone = columns[links.target].in_(before - pks)
        work.execute(sa.delete(links.table).where(columns[links.owner] == owner, gone))
    new = [{links.owner: owner, links.target: pk} for pk in sorted(pks - before)]
    insert_rows(work, links.table, new)
    part.tracked.remember_links(links, part.entity, pks)
