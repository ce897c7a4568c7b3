"""Rows that never change: one for each content."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from domain.addresses import Address, Location
from domain.payments import Bank, PaymentOption
from domain.products import Product
from domain.shipping import EasyReturnShippingCompany, ShippingCompany, ShippingOptionGroup
from domain.snapshots import Snapshot
from persistence.addresses import addresses, locations
from persistence.payments import banks, payment_options
from persistence.products import products
from persistence.shipping import (
    easy_return_shipping_companies,
    shipping_companies,
    shipping_option_groups,
)
from persistence.sql.aggregates import Aggregate
from persistence.sql.bulk import DoNothing, Row, insert_rows
from persistence.sql.in_list import among
from persistence.sql.saving import Tracked
from persistence.sql.work import Work

TABLES: dict[type, sa.Table] = {
    Location: locations,
    Address: addresses,
    PaymentOption: payment_options,
    Bank: banks,
    Product: products,
    ShippingCompany: shipping_companies,
    ShippingOptionGroup: shipping_option_groups,
    EasyReturnShippingCompany: easy_return_shipping_companies,
}


def keep_snapshots(work: Work, snapshots: Iterable[Snapshot]) -> dict[str, int]:
    """Store those of ``snapshots`` (all of one class) whose content is new.

    Returns the pk for each ``content_hash``. What a snapshot names (a carrier, a city) has to be
    stored before it. Two writers of one content do not collide: one waits and finds the other's.
    """
    by_hash = {snapshot.content_hash: snapshot for snapshot in snapshots}
    if not by_hash:
        return {}
    table = TABLES[type(next(iter(by_hash.values())))]
    stored = sa.select(table.c.content_hash, table.c.pk).where(among(table.c.content_hash, by_hash))
    pks = {row.content_hash: row.pk for row in work.execute(stored)}
    # In one order everywhere, so that two writers never wait for each other.
    missing = sorted(by_hash.keys() - pks.keys())
    if missing:
        rows = [_row(table, by_hash[key]) for key in missing]
        insert_rows(work, table, rows, DoNothing())
        pks = {row.content_hash: row.pk for row in work.execute(stored)}
    return pks


def store_references(work: Work, aggregate: Aggregate[Any], root: Any) -> None:
    """Store all rows that the new ``root`` and its parts name, unless they are there."""
    for part in Tracked(aggregate, root).parts():
        state = vars(part.entity)
        for name, reference in part.members.references.items():
            if not reference.is_part and state.get(name) is not None:
                store(work, state[name], reference.table)
        for name in part.members.links:
            for linked in state.get(name, ()):
                store(work, linked)


def store(work: Work, named: Any, table: sa.Table | None = None) -> None:
    """Give ``named`` the pk of its row: a snapshot's by content, and of others a new one's."""
    if "pk" in vars(named):
        return
    if not isinstance(named, Snapshot):
        assert table is not None
        work.add(Aggregate(entity=type(named), table=table), named)
        work.flush()
        return
    for below in vars(named).values():
        if isinstance(below, Snapshot):
            store(work, below)
    named.pk = keep_snapshots(work, [named])[named.content_hash]


def _row(table: sa.Table, snapshot: Snapshot) -> Row:
    state = vars(snapshot)
    row = {}
    for column in table.c:
        name = column.name.removesuffix("_pk")
        named = state.get(name)
        row[column.name] = named.pk if isinstance(named, Snapshot) else state.get(column.name)
    del row["pk"]
    return row
