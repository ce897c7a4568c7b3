"""Replace the rows of all tables: the database of a sandbox."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from domain.shared.identifiers import derived_uuid
from persistence import migrations
from persistence.accounts.emails import user_emails
from persistence.accounts.users import users
from persistence.orders.numbers import order_numbers
from persistence.orders.old_orders import old_orders
from persistence.orders.orders import orders
from persistence.orders.seller_projection import fill_seller_orders
from persistence.sql.columns import OWNER, UtcDateTime, metadata
from persistence.sql.distributed_tables import parent_key
from persistence.sql.version_numbers import NEW_VERSION, new_version, next_version
from persistence.sql.work import Work

TableRows = Mapping[str, Iterable[Mapping[str, Any]]]
"""Rows by the name of their table; values are JSON, amounts in minor units."""

_READERS: Mapping[type, Callable[[str], Any]] = {
    UtcDateTime: datetime.fromisoformat,
    sa.Date: date.fromisoformat,
    sa.Time: time.fromisoformat,
    sa.Uuid: UUID,
    sa.LargeBinary: bytes.fromhex,
}
_DERIVED: Mapping[str, Callable[[str, str], Any]] = {
    "uuid": derived_uuid,
    "content_hash": lambda table, pk: sha256(f"{table}:{pk}".encode()).hexdigest(),
    "version": lambda _table, _pk: new_version(),
}
_VERSIONED = (orders, old_orders)


def create_tables(connection: sa.Connection) -> None:
    """Create the tables of the newest revision in an empty database, without migrations."""
    metadata.create_all(connection)
    migrations.stamp(connection)


def replace_rows(work: Work, rows: TableRows) -> None:
    """Delete all rows, store ``rows``, and derive sellers' orders from them.

    `uuid`, `content_hash` and `version` are derived if a row has none. Versions are new each time,
    so that no earlier document is served. Raises KeyError for an unknown table or column, and
    IntegrityError for rows that violate a constraint.
    """
    for table in reversed(metadata.sorted_tables):
        work.execute(sa.delete(table))
    order = {table.name: place for place, table in enumerate(metadata.sorted_tables)}
    for name in sorted(rows, key=order.__getitem__):
        for row in rows[name]:
            work.execute(sa.insert(metadata.tables[name]).values(_values(name, row)))
    _store_owners(work)
    _store_claims(work)
    fill_seller_orders(work)


def _store_owners(work: Work) -> None:
    """Store in each part the user whose it is."""
    for table in metadata.sorted_tables:
        key = parent_key(table)
        if key is not None:
            [reference] = key.foreign_keys
            parent = reference.column.table.alias()
            user_pk = sa.select(parent.c[OWNER]).where(parent.c.pk == key).scalar_subquery()
            work.execute(sa.update(table).where(table.c[OWNER].is_(None)).values({OWNER: user_pk}))


def _store_claims(work: Work) -> None:
    """Store the rows that keep e-mail addresses and order numbers unique."""
    of_users = sa.select(users.c.email_key, users.c.user_type, users.c.pk)
    work.execute(sa.insert(user_emails).from_select(user_emails.c.keys(), of_users))
    for table, is_old in ((orders, sa.false()), (old_orders, sa.true())):
        of_orders = sa.select(table.c.number, is_old, table.c.user_pk, table.c.pk)
        work.execute(sa.insert(order_numbers).from_select(order_numbers.c.keys(), of_orders))


def raise_all_versions(work: Work) -> None:
    """Have all documents rendered again, since their flags depend on the time."""
    for table in _VERSIONED:
        change = sa.update(table).values(version=next_version(table.c.version))
        work.execute(change, {NEW_VERSION: new_version()})


def _values(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    columns = metadata.tables[name].c
    values = {key: _read(columns[key], value) for key, value in row.items()}
    missing = _DERIVED.keys() & columns.keys() - values.keys()
    return values | {key: _DERIVED[key](name, str(row.get("pk"))) for key in missing}


def _read(column: sa.Column[Any], value: Any) -> Any:
    read = _READERS.get(type(column.type))
    return value if read is None or value is None else read(value)
