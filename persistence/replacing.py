"""All tables with given rows and no others: the database of a sandbox."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from domain.shared.identifiers import derived_uuid
from persistence import migrations
from persistence.orders.old_orders import old_orders
from persistence.orders.orders import orders
from persistence.orders.seller_projection import fill_seller_orders
from persistence.sql.columns import UtcDateTime, metadata
from persistence.sql.version_numbers import NEW_VERSION, new_version, next_version
from persistence.sql.work import Work

TableRows = Mapping[str, Iterable[Mapping[str, Any]]]
"""Rows by the name of their table; values as JSON has them, amounts in minor units."""

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


def make_tables(connection: sa.Connection) -> None:
    """Make the tables of the newest revision in an empty database, without the steps to it."""
    metadata.create_all(connection)
    migrations.stamp(connection)


def replace_rows(work: Work, given: TableRows) -> None:
    """Delete all rows, and store ``given``; what sellers see of orders is made from these.

    `uuid`, `content_hash` and `version` are derived where a row has none. Versions are new each
    time, so that nothing that was rendered before is served again. Raises KeyError for a table
    or a column that does not exist, and IntegrityError for rows that the tables refuse.
    """
    for table in reversed(metadata.sorted_tables):
        work.execute(sa.delete(table))
    order = {table.name: at for at, table in enumerate(metadata.sorted_tables)}
    for name in sorted(given, key=order.__getitem__):
        for row in given[name]:
            work.execute(sa.insert(metadata.tables[name]).values(_values(name, row)))
    fill_seller_orders(work)


def raise_all_versions(work: Work) -> None:
    """Have all that depends on the time be rendered anew."""
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
