"""Distributed databases for tests of the copies by seller, and what differs in the copies."""

from collections.abc import Iterator

import sqlalchemy as sa

from persistence.engine.engines import Engines
from persistence.orders.addresses import addresses
from persistence.orders.seller_copies import ADDRESSES, COPIES, Copy


def differing_copies(engines: Engines) -> list[str]:
    """Return what is wrong in the copies: one line for each row that differs."""
    with engines.autocommit.connect() as connection:
        return [line for copy in COPIES for line in _differing(connection, copy)]


def number_of_copies(engines: Engines) -> dict[str, int]:
    """Return the numbers of rows by table."""
    with engines.autocommit.connect() as connection:
        return {copy.table.name: len(_stored(connection, copy)) for copy in COPIES}


def _differing(connection: sa.Connection, copy: Copy) -> Iterator[str]:
    wanted = {_key(row): dict(row) for row in connection.execute(copy.rows).mappings()}
    stored = _stored(connection, copy)
    for key in sorted(wanted.keys() | stored.keys()):
        if copy is ADDRESSES and key not in wanted:
            # An address may have lost its last order. The row has to exist, and be the same.
            wanted[key] = _address(connection, *key)
        if wanted.get(key) != stored.get(key):
            yield f"{copy.table} {key}: {wanted.get(key)} is {stored.get(key)}"


def _stored(connection: sa.Connection, copy: Copy) -> dict[tuple[int, int], dict[str, object]]:
    rows = connection.execute(sa.select(*(copy.table.c[name] for name in copy.columns)))
    return {_key(row): dict(row) for row in rows.mappings()}


def _key(row: sa.RowMapping) -> tuple[int, int]:
    return row["seller_pk"], row["pk"]


def _address(connection: sa.Connection, seller_pk: int, pk: int) -> dict[str, object]:
    names = [name for name in ADDRESSES.columns if name != "seller_pk"]
    found = sa.select(*(addresses.c[name] for name in names)).where(addresses.c.pk == pk)
    row = connection.execute(found).mappings().first()
    return {} if row is None else dict(row) | {"seller_pk": seller_pk}
