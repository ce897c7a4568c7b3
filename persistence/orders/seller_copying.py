"""Changing the copies by seller with the orders, in the same transaction.

Without a distributed database these functions do nothing. The orders have to be locked. The rows
that the copies have to have are one statement to the user's node, and those that they have one to
each seller's; only rows that differ are written.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa

from persistence.engine.nodes import is_distributed
from persistence.orders.seller_copies import ADDRESSES, COPIES, PLANNED, PLANS, SELLER_ORDERS, Copy
from persistence.orders.seller_orders import seller_orders
from persistence.sql.bulk import DoNothing, Overwrite, Row, insert_rows
from persistence.sql.columns import OWNER, BigId
from persistence.sql.compiled_query import CompiledQuery, Connected
from persistence.sql.distributed_tables import SELLER
from persistence.sql.in_list import in_list, in_param
from persistence.sql.json_values import json_reader

Rows = dict[Copy, dict[int, Row]]
"""Rows of one seller by their pk."""
Pair = tuple[int, int]
"""The pks of an order and a seller."""

_IN_ORDERS = "order_pks"


def sync_copies(work: Connected, owners: Mapping[int, int], before: Iterable[Pair]) -> None:
    """Make the copies of these orders equal to their rows.

    ``owners`` has the users of the orders, ``before`` the orders with the sellers that they had.
    """
    if not is_distributed(work.connection):
        return
    wanted = _wanted(work, owners)
    orders_of = defaultdict(set)
    for order_pk, seller_pk in before:
        orders_of[seller_pk].add(order_pk)
    for seller_pk, rows in wanted.items():
        orders_of[seller_pk] |= {row["order_pk"] for row in rows[SELLER_ORDERS].values()}
    # Sorted, so that two writers can not deadlock.
    for seller_pk, order_pks in sorted(orders_of.items()):
        _write(work, seller_pk, _stored(work, seller_pk, order_pks), wanted[seller_pk])


def remove_copies(work: Connected, pairs: Iterable[Pair]) -> None:
    """Delete the copies of these orders and sellers; addresses stay, as the user's do."""
    sync_copies(work, {}, pairs)


def remove_copied_addresses(work: Connected, pks: Collection[int]) -> None:
    """Delete the copies of addresses that are erased."""
    if pks and is_distributed(work.connection):
        work.execute(sa.delete(ADDRESSES.table).where(in_list(ADDRESSES.table.c.pk, pks)))


def raise_copied_versions(work: Connected, versions: Mapping[int, int]) -> None:
    """Store the new versions of orders, by pk, in their copies."""
    if not versions or not is_distributed(work.connection):
        return
    values = {"order_pks": list(versions)}
    rows = [
        {"seller": seller_pk, "order": order_pk, "version": versions[order_pk]}
        for order_pk, seller_pk in sorted(_sellers_of().rows(work, values))
    ]
    if rows:
        raised = _raise_version().compiled(work.connection.dialect)
        raised.change_many(work.connection, rows)


@cache
def _sellers_of() -> CompiledQuery:
    found = sa.select(seller_orders.c.order_pk, seller_orders.c.seller_pk)
    return CompiledQuery(found.where(in_param(seller_orders.c.order_pk, "order_pks")))


@cache
def _raise_version() -> CompiledQuery:
    copies = SELLER_ORDERS.table
    raised = sa.update(copies).where(
        copies.c.seller_pk == sa.bindparam("seller", type_=BigId),
        copies.c.order_pk == sa.bindparam("order", type_=BigId),
    )
    version = sa.bindparam("version", type_=BigId)
    return CompiledQuery(raised.values(order_version=version))


def _wanted(work: Connected, owners: Mapping[int, int]) -> dict[int, Rows]:
    """Return the rows that the copies of these orders have to have, by seller."""
    by_user = defaultdict(list)
    for order_pk, user_pk in owners.items():
        by_user[user_pk].append(order_pk)
    wanted: dict[int, Rows] = defaultdict(_no_rows)
    for user_pk, order_pks in by_user.items():
        values = {_IN_ORDERS: order_pks, OWNER: user_pk}
        for copy, row in _read(_wanted_rows().rows(work, values)):
            wanted[row[SELLER]][copy][row["pk"]] = row
    return wanted


def _stored(work: Connected, seller_pk: int, order_pks: Collection[int]) -> Rows:
    """Return the copies of a seller's orders, with their addresses."""
    stored = _no_rows()
    values = {_IN_ORDERS: sorted(order_pks), SELLER: seller_pk}
    for copy, row in _read(_stored_rows().rows(work, values)):
        stored[copy][row["pk"]] = row
    return stored


def _write(work: Connected, seller_pk: int, stored: Rows, wanted: Rows) -> None:
    """Write the rows of ``wanted`` that differ from ``stored``."""
    for copy in COPIES:
        before, after = stored[copy], wanted[copy]
        table = copy.table
        removed = before.keys() - after.keys()
        if removed and not copy.is_shared:
            own = table.c.seller_pk == seller_pk
            work.execute(sa.delete(table).where(own, in_list(table.c.pk, sorted(removed))))
        changed = [row for pk, row in sorted(after.items()) if before.get(pk) != row]
        # Another order may have stored a shared row.
        insert_rows(work, table, changed, DoNothing() if copy.is_shared else Overwrite(("pk",)))


def _no_rows() -> Rows:
    return {copy: {} for copy in COPIES}


def _read(entries: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Copy, Row]]:
    """Yield the rows of entries: the place of the copy, and a JSON array of its columns."""
    for place, values in entries:
        copy = COPIES[place]
        row = dict(zip(copy.columns, orjson.loads(values), strict=True))
        for name, read in _readers(copy):
            if row[name] is not None:
                row[name] = read(row[name])
        yield copy, row


@cache
def _readers(copy: Copy) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (name, read) for name in copy.columns if (read := json_reader(copy.table.c[name].type))
    )


@cache
def _wanted_rows() -> CompiledQuery:
    own = sa.bindparam(OWNER, type_=BigId)
    return CompiledQuery(
        sa.union_all(
            *(
                copy.rows.with_only_columns(*_entry(copy, copy.columns_of(own))).where(
                    in_param(copy.order_pk, _IN_ORDERS), copy.user_pk == own
                )
                for copy in COPIES
            )
        )
    )


@cache
def _stored_rows() -> CompiledQuery:
    own = sa.bindparam(SELLER, type_=BigId)
    return CompiledQuery(
        sa.union_all(
            *(
                sa.select(*_entry(copy, copy.table.c)).where(
                    copy.table.c.seller_pk == own, _is_of_orders(copy, own)
                )
                for copy in COPIES
            )
        )
    )


def _is_of_orders(copy: Copy, seller_pk: sa.BindParameter[int]) -> sa.ColumnElement[bool]:
    """Return the condition for the copies of a seller's orders."""
    if copy is PLANNED:
        return copy.table.c.plan_pk.in_(_of_orders(PLANS.table, "pk", seller_pk))
    if copy is ADDRESSES:
        orders = SELLER_ORDERS.table
        named = ("shipping_address_pk", "billing_address_pk")
        return copy.table.c.pk.in_(
            sa.union(*(_of_orders(orders, name, seller_pk) for name in named))
        )
    return in_param(copy.table.c.order_pk, _IN_ORDERS)


def _of_orders(table: sa.Table, name: str, seller_pk: sa.BindParameter[int]) -> sa.Select[Any]:
    own = table.c.seller_pk == seller_pk
    return sa.select(table.c[name]).where(own, in_param(table.c.order_pk, _IN_ORDERS))


def _entry(copy: Copy, columns: Any) -> tuple[sa.ColumnElement[Any], ...]:
    """Return the place of the copy, and a JSON array of ``columns``, which have names."""
    place = sa.literal_column(str(COPIES.index(copy)), sa.Integer)
    array = sa.func.json_build_array(*(columns[name] for name in copy.columns))
    return place.label("place"), sa.cast(array, sa.Text).label("columns")
