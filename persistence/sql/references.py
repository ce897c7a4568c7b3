"""Storing referenced rows that are new, so that they have a pk."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa

from persistence.sql.aggregates import Parts, Reference, column_names
from persistence.sql.bulk import DoNothing, Row, insert_rows
from persistence.sql.compiled_query import CompiledQuery, Connected
from persistence.sql.in_list import in_param
from persistence.sql.keys import next_pks


def store_references(work: Connected, members: Parts, part: Any) -> None:
    """Store the rows that ``part`` references if they are new, and set their pks."""
    state = vars(part)
    for name, reference in members.references.items():
        referenced = state.get(name)
        if referenced is not None and not reference.is_part:
            _store(work, reference, referenced)
    for name, links in members.links.items():
        for linked in state.get(name, ()):
            _store(work, links.reference, linked)


def store_by_hash(work: Connected, table: sa.Table, rows: Mapping[str, Row]) -> dict[str, int]:
    """Store the rows with a new ``content_hash``; return the pks by hash.

    Two writers of the same content do not conflict: one waits and gets the other's row.
    """
    if not rows:
        return {}
    stored = _by_hash(table)
    pks: dict[str, int] = dict(stored.rows(work, {"hashes": list(rows)}))
    # Sorted, so that two writers can not deadlock.
    missing = sorted(rows.keys() - pks.keys())
    if missing:
        insert_rows(work, table, [rows[key] for key in missing], DoNothing())
        pks = dict(stored.rows(work, {"hashes": list(rows)}))
    return pks


def row_of(table: sa.Table, entity: Any) -> Row:
    """Return the row of an object without pk; all that it references has a pk."""
    state = vars(entity)
    row: Row = {}
    for column in column_names(table):
        referenced = state.get(column.removesuffix("_pk")) if column.endswith("_pk") else None
        row[column] = state.get(column) if referenced is None else referenced.pk
    del row["pk"]
    return row


def _store(work: Connected, reference: Reference, entity: Any) -> None:
    if "pk" in vars(entity):
        return
    for name, inner in reference.references.items():
        if vars(entity).get(name) is not None:
            _store(work, inner, vars(entity)[name])
    row = row_of(reference.table, entity)
    if "content_hash" in row:
        content_hash = row["content_hash"]
        entity.pk = store_by_hash(work, reference.table, {content_hash: row})[content_hash]
    else:
        [pk] = next_pks(work, [reference.table])
        insert_rows(work, reference.table, [{"pk": pk, **row}])
        entity.pk = pk


@cache
def _by_hash(table: sa.Table) -> CompiledQuery:
    query = sa.select(table.c.content_hash, table.c.pk)
    return CompiledQuery(query.where(in_param(table.c.content_hash, "hashes")))
