"""What all tables share: metadata, types and check constraints."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

MAX_QUANTITY = 10**6

OWNER = "user_pk"
"""The column with the pk of the user whose row it is; every table of a shopper's data has it."""

_IS_DERIVED = "is_derived"

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# SQLite generates keys only for a column of type INTEGER, which has 64 bits there.
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Text that is sorted by code point on both databases; SQLite compares bytes anyway.
CodePointText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
# None is NULL, not the JSON value null.
Json = sa.JSON(none_as_null=True)


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """Aware datetimes in UTC, with microseconds; refuses naive ones.

    SQLite stores text of a fixed width without a zone, so that comparison works.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone can not be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class CanonicalJson(sa.types.TypeDecorator[Any]):
    """JSON that can be compared: equal values have equal texts, in any order of keys."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else _canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


def _canonical(value: Any) -> str:
    return json.dumps(_with_plain_numbers(value), sort_keys=True, separators=(",", ":"))


def _with_plain_numbers(value: Any) -> Any:
    """Write 1.0 as 1: JSON has one kind of number."""
    if isinstance(value, dict):
        return {key: _with_plain_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_plain_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def pk_column() -> sa.Column[int]:
    return sa.Column("pk", BigId, primary_key=True)


def uuid_column() -> sa.Column[Any]:
    return sa.Column("uuid", sa.Uuid, nullable=False, unique=True)


def content_hash_column() -> sa.Column[str]:
    return sa.Column("content_hash", sa.String(64), nullable=False, unique=True)


def reference(
    name: str, target: sa.Table | str, *, nullable: bool = False, index: bool = False
) -> sa.Column[Any]:
    """Return a foreign key to ``target``; referenced rows can not be deleted."""
    key = sa.ForeignKey(f"{target}.pk")
    return sa.Column(name, BigId, key, nullable=nullable, index=index)


def parent(name: str, target: str, *, index: bool = True) -> sa.Column[Any]:
    """Return a foreign key (ON DELETE CASCADE) to the ``target`` that this row is a part of."""
    key = sa.ForeignKey(f"{target}.pk", ondelete="CASCADE")
    return sa.Column(name, BigId, key, nullable=False, index=index)


def root_column(name: str, target: str) -> sa.Column[int]:
    """Return the key of a table with at most one row for each row of ``target``."""
    return sa.Column(
        name,
        BigId,
        sa.ForeignKey(f"{target}.pk", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )


def owner_column() -> sa.Column[Any]:
    """Return the column ``OWNER`` of a part: the user of the row that it is a part of.

    It is no attribute of an entity: saving sets it from the root. Nullable, since SQLite can not
    require a new column in a table that others reference; ``waybill distribute`` does.
    """
    return sa.Column(OWNER, BigId, info={_IS_DERIVED: True})


def is_derived(column: sa.ColumnElement[Any]) -> bool:
    """Return whether saving sets the column, and objects have no attribute for it."""
    return _IS_DERIVED in getattr(column, "info", ())


def enum_column(name: str, values: type[StrEnum], *, nullable: bool = False) -> sa.Column[Any]:
    """Return a column for a member of ``values``, stored as text and checked by the database."""
    kind = sa.Enum(
        values,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )
    return sa.Column(name, kind, nullable=nullable)


def not_negative(*names: str) -> Iterable[sa.CheckConstraint]:
    """Return check constraints for amounts and rates; NULL passes."""
    return [sa.CheckConstraint(f"{name} >= 0", name=f"{name}_not_negative") for name in names]


def max_length(length: int, *names: str) -> Iterable[sa.CheckConstraint]:
    """Return check constraints for texts that have to fit into an index."""
    return [
        sa.CheckConstraint(f"length({name}) <= {length}", name=f"{name}_length") for name in names
    ]
