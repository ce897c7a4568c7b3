"""Values for the parameters of any statement that match stored rows."""

from collections.abc import Iterator, Sequence
from datetime import date, time
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.sql.visitors import iterate

from persistence.sql.bulk import _json_rows, _json_text
from persistence.sql.in_list import ListOf
from persistence.sql.version_numbers import NEW_VERSION
from tests.support.builders import NOW

FIXED = {
    "limit": 100,
    "offset": 0,
    "cursor_pk": 2**62,
    "holder": UUID(int=7),  # two runs with these values are compared
    NEW_VERSION: 2**52,
}
"""Values of parameters that are not compared with a column for equality, by name."""


def bound_values(connection: sa.Connection, statement: Any) -> dict[str, Any]:
    """Return a value for each parameter, from a stored row if it is compared with a column."""
    binds = statement.compile(dialect=connection.dialect).binds
    required = {name: bind for name, bind in binds.items() if bind.required}
    compared = {bind.key: column for bind, column in _comparisons(statement)}
    return {
        name: _value(connection, statement, bind, compared.get(name))
        for name, bind in required.items()
    }


def stored_rows(connection: sa.Connection, statement: Any) -> list[dict[str, Any]]:
    """Return stored rows of the table of an INSERT."""
    table = statement.table
    chosen = sa.select(*(table.c[name] for name in _inserted_names(connection, statement)))
    # Without an order, Citus returns others each time.
    rows = connection.execute(chosen.order_by(*table.primary_key).limit(3)).mappings()
    return [{str(name): value for name, value in row.items()} for row in rows]


def _inserted_names(connection: sa.Connection, statement: Any) -> Sequence[str]:
    """Return the names of the columns that an INSERT writes."""
    if statement.select is not None:
        return [column.name for column in statement.select.selected_columns]
    return list(statement.compile(dialect=connection.dialect).binds)


def as_json(table: sa.Table, rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows in the form of the statement for PostgreSQL."""
    return _json_text(_json_rows(table, tuple(rows[0]), rows))


def _comparisons(statement: Any) -> Iterator[tuple[Any, sa.Column[Any]]]:
    """Yield the parameters that are compared with a column, and the column."""
    for element in iterate(statement):
        if not isinstance(element, sa.sql.expression.ColumnElement):
            continue
        operands = list(_operands(element))
        binds = [operand for operand in operands if isinstance(operand, sa.BindParameter)]
        columns = [
            base
            for operand in operands
            for part in iterate(operand)
            if isinstance(part, sa.sql.expression.ColumnClause)
            for base in part.base_columns
            if isinstance(base, sa.Column)
        ]
        if columns:
            yield from ((bind, columns[0]) for bind in binds)


def _operands(element: Any) -> Iterator[Any]:
    for child in element.get_children():
        if isinstance(child, sa.sql.expression.ClauseList | sa.sql.expression.Grouping):
            yield from _operands(child)
        elif isinstance(child, sa.Cast):
            yield child.clause
        else:
            yield child


def _value(
    connection: sa.Connection, statement: Any, bind: Any, column: sa.Column[Any] | None
) -> Any:
    if bind.key in FIXED:
        return FIXED[bind.key]
    is_change = isinstance(statement, sa.UpdateBase)
    if is_change and column is None:
        column = statement.table.c.get(bind.key)
    kind = bind.type.item_type if isinstance(bind.type, ListOf) else bind.type
    # A column within an expression may be of another type.
    stored = _stored(connection, column) if column is not None and _is_alike(column, kind) else []
    if isinstance(bind.type, ListOf):
        return stored or [_of_type(kind)]
    if not stored and is_change and column is not None and column.foreign_keys:
        return None  # no matching row
    return stored[0] if stored else _of_type(kind)


def _is_alike(column: sa.Column[Any], kind: Any) -> bool:
    return column.type._type_affinity is kind._type_affinity  # noqa: SLF001


def _stored(connection: sa.Connection, column: sa.Column[Any]) -> list[Any]:
    chosen = sa.select(column).where(column.is_not(None)).order_by(*column.table.primary_key)
    values = connection.execute(chosen).scalars().all()
    return [value for at, value in enumerate(values) if value not in values[:at]]


def _of_type(kind: Any) -> Any:
    if isinstance(kind, sa.Enum) and kind.enum_class is not None:
        return next(iter(kind.enum_class))
    if isinstance(kind, sa.types.TypeDecorator):
        kind = kind.impl_instance
    if isinstance(kind, sa.Uuid):
        return uuid4()
    for known, value in _SAMPLES:
        if isinstance(kind, known):
            return value
    raise LookupError(f"no value for {kind!r}")


_SAMPLES: Sequence[tuple[type[sa.types.TypeEngine[Any]], Any]] = (
    (sa.Boolean, True),
    (sa.Integer, 1),
    (sa.Numeric, 1),
    (sa.DateTime, NOW),
    (sa.Date, date(2026, 3, 1)),
    (sa.Time, time(9)),
    (sa.LargeBinary, b"a" * 32),
    (sa.JSON, {"a": None}),
    (sa.String, "a"),
)
