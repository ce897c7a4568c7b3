"""Rows that never change: kept once for each content."""

from collections.abc import Iterable
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, object_mapper

from domain.snapshots import Snapshot
from persistence.sql.bulk import DoNothing, insert_rows
from persistence.sql.in_list import among
from persistence.sql.work import Work


def keep_snapshots(work: Work, snapshots: Iterable[Snapshot]) -> dict[str, int]:
    """Store those of ``snapshots`` (all of one class) whose content is new.

    Returns the pk for each ``content_hash``. What a snapshot names (a carrier, a city) has to be
    stored before it. Two writers of one content do not collide: one waits and finds the other's.
    """
    by_hash = {snapshot.content_hash: snapshot for snapshot in snapshots}
    if not by_hash:
        return {}
    mapper = object_mapper(next(iter(by_hash.values())))
    table = cast("sa.Table", mapper.local_table)
    stored = sa.select(table.c.content_hash, table.c.pk).where(among(table.c.content_hash, by_hash))
    pks = {row.content_hash: row.pk for row in work.execute(stored)}
    # In one order everywhere, so that two writers never wait for each other.
    missing = sorted(by_hash.keys() - pks.keys())
    if missing:
        rows = [_row(mapper, by_hash[key]) for key in missing]
        insert_rows(work, table, rows, DoNothing())
        pks = {row.content_hash: row.pk for row in work.execute(stored)}
    return pks


def use_stored_snapshots(work: Work, entity: object) -> None:
    """Replace all snapshots that hang on the new ``entity`` by the stored ones, storing the new."""
    for relationship in object_mapper(entity).relationships:
        value = getattr(entity, relationship.key)
        if relationship.uselist:
            setattr(entity, relationship.key, [stored_snapshot(work, part) for part in value])
        elif value is not None:
            setattr(entity, relationship.key, stored_snapshot(work, value))


def stored_snapshot(work: Work, part: Any) -> Any:
    """Return the stored row of ``part`` with its own parts; what is no snapshot as it is."""
    if part in session:
        return part
    use_stored_snapshots(work, part)
    if not isinstance(part, Snapshot):
        return part
    pk = keep_snapshots(work, [part])[part.content_hash]
    return work.get_one(type(part), pk)


def _row(mapper: Mapper[Any], snapshot: Snapshot) -> dict[str, Any]:
    row = {column.key: getattr(snapshot, column.key) for column in mapper.column_attrs}
    for relationship in mapper.relationships:
        named = getattr(snapshot, relationship.key)
        for column in relationship.local_columns:
            row[column.name] = None if named is None else named.pk
    del row["pk"]
    return row
