"""Storing rows that are named for the first time, so that others can name them by pk."""

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
    """Give all that ``part`` names its pk, and store what is new of it."""
    state = vars(part)
    for name, reference in members.references.items():
        named = state.get(name)
        if named is not None and not reference.is_part:
            _store(work, reference, named)
    for name, links in members.links.items():
        for linked in state.get(name, ()):
            _store(work, links.reference, linked)


def store_by_hash(work: Connected, table: sa.Table, rows: Mapping[str, Row]) -> dict[str, int]:
    """Store those rows whose ``content_hash`` is new; return the pk for each hash.

    Two writers of one content do not collide: one waits and finds the other's row.
    """
    if not rows:
        return {}
    stored = _by_hash(table)
    pks: dict[str, int] = dict(stored.rows(work, {"hashes": list(rows)}))
    # In one order everywhere, so that two writers never wait for each other.
    missing = sorted(rows.keys() - pks.keys())
    if missing:
        insert_rows(work, table, [rows[key] for key in missing], DoNothing())
        pks = dict(stored.rows(work, {"hashes": list(rows)}))
    return pks


def row_of(table: sa.Table, named: Any) -> Row:
    """Return the row of an object, without its pk; whatever it names has a pk."""
    state = vars(named)
    row: Row = {}
    for column in column_names(table):
        below = state.get(column.removesuffix("_pk")) if column.endswith("_pk") else None
        row[column] = state.get(column) if below is None else below.pk
    del row["pk"]
    return row


def _store(work: Connected, reference: Reference, named: Any) -> None:
    if "pk" in vars(named):
        return
    for name, below in reference.references.items():
        if vars(named).get(name) is not None:
            _store(work, below, vars(named)[name])
    row = row_of(reference.table, named)
    if "content_hash" in row:
        content_hash = row["content_hash"]
        named.pk = store_by_hash(work, reference.table, {content_hash: row})[content_hash]
    else:
        [pk] = next_pks(work, [reference.table])
        insert_rows(work, reference.table, [{"pk": pk, **row}])
        named.pk = pk


@cache
def _by_hash(table: sa.Table) -> CompiledQuery:
    query = sa.select(table.c.content_hash, table.c.pk)
    return CompiledQuery(query.where(in_param(table.c.content_hash, "hashes")))
