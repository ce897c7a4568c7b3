"""Tables that PostgreSQL partitions by the month of ``created_date``; SQLite has plain tables.

A month that is over is dropped, which takes no time and leaves nothing to vacuum. Months are
created ahead. A row of a month without a partition goes into the default partition, and moves when
the month's own partition is created.

Rows from before the tables were partitioned are in one partition, ``…_before_YYYYMM``, for all
months before YYYYMM.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from persistence.sql.storage import alter_created, execute_after_creation
from persistence.sql.work import Work

MONTHS_AHEAD = 2
LOCK_TIMEOUT_MS = 1000
"""How long a change of partitions waits for its lock, with other transactions waiting behind it."""

_BY = "created_date"
# None for a user without the owner's privileges, who can neither add nor drop partitions.
_PARTITIONS = sa.text(
    "SELECT part.relname FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid"
    " JOIN pg_class whole ON whole.oid = inhparent"
    " WHERE whole.oid = to_regclass(:table) AND pg_has_role(whole.relowner, 'MEMBER')"
)


PARTITIONED: Mapping[str, Any] = {"postgresql_partition_by": f"RANGE ({_BY})"}
"""Arguments of ``sa.Table`` for such a table."""


def plain_key() -> sa.PrimaryKeyConstraint:
    """Return the primary key that such a table has on SQLite."""
    key = sa.PrimaryKeyConstraint("pk")
    key.ddl_if(dialect="sqlite")
    return key


def partition_by_month(table: sa.Table) -> None:
    """Have PostgreSQL create the primary key of such a table, and its default partition.

    A key has to include the date, since no index spans partitions. Sequences make the pks unique.
    """
    alter_created(table, f"ADD CONSTRAINT pk_{table.name} PRIMARY KEY (pk, {_BY})")
    default = f"{table.name}_default PARTITION OF {table.name} DEFAULT"
    execute_after_creation(table, f"CREATE TABLE {default}")


def create_months(work: Work, table: sa.Table, now: datetime) -> int:
    """Create the missing partitions of this month and of the next ones; return how many.

    Raises OperationalError if others use the table for longer than LOCK_TIMEOUT_MS.
    """
    names = _partitions(work, table)
    covered = max((_end(name) for name in names if "_before_" in name), default=_month(now))
    missing = [
        (month, name)
        for month in _months(now)
        if month >= covered and (name := f"{table.name}_{month:%Y%m}") not in names
    ]
    if not names or not missing:
        return 0
    _lock(work, table)
    # Another process may have created some meanwhile.
    names = _partitions(work, table)
    for month, name in missing:
        if name not in names:
            _create(work, table, name, month)
    return len(missing)


def drop_months(work: Work, table: sa.Table, end: datetime, *, only_empty: bool = False) -> int:
    """Drop the partitions whose months have ended at ``end``; return how many.

    Raises OperationalError if others use the table for longer than LOCK_TIMEOUT_MS.
    """
    names = [name for name in _partitions(work, table) if _is_over(name, end)]
    if not names:
        return 0
    _lock(work, table)
    dropped = 0
    for name in names:
        if only_empty and work.scalar(sa.text(f"SELECT EXISTS (SELECT FROM {name})")):  # noqa: S608
            continue
        work.execute(sa.text(f"DROP TABLE IF EXISTS {name}"))
        dropped += 1
    return dropped


def _lock(work: Work, table: sa.Table) -> None:
    """Lock the table against all others, for the milliseconds that the change takes.

    A writer that got its lock before could have chosen the default partition for a row of the new
    one, and would fail. Others lock the whole table first, then its partitions; another order could
    deadlock.
    """
    work.execute(sa.select(sa.func.set_config("lock_timeout", f"{LOCK_TIMEOUT_MS}ms", True)))
    work.execute(sa.text(f"LOCK TABLE ONLY {table.name} IN ACCESS EXCLUSIVE MODE"))


def _create(work: Work, table: sa.Table, name: str, month: datetime) -> None:
    """Create a partition with the rows of its month, and attach it."""
    bounds = {"start": month, "end": _next(month)}
    default = f"{table.name}_default"
    work.execute(sa.text(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING ALL)"))
    moved = sa.text(
        f"WITH moved AS (DELETE FROM {default}"  # noqa: S608 - the name of a table
        f" WHERE {_BY} >= :start AND {_BY} < :end RETURNING *)"
        f" INSERT INTO {name} SELECT * FROM moved"
    )
    work.execute(moved, bounds)
    values = " TO ".join(f"('{moment.isoformat()}')" for moment in bounds.values())
    work.execute(
        sa.text(f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES FROM {values}")
    )


def _partitions(work: Work, table: sa.Table) -> set[str]:
    if work.dialect_name != "postgresql":
        return set()
    return set(work.scalars(_PARTITIONS, {"table": table.name}))


def _is_over(name: str, end: datetime) -> bool:
    return not name.endswith("_default") and _end(name) <= end


def _end(name: str) -> datetime:
    """Return the moment at which the rows of this partition end."""
    year, month = divmod(int(name.rpartition("_")[2]), 100)
    start = datetime(year, month, 1, tzinfo=UTC)
    return start if "_before_" in name else _next(start)


def _months(now: datetime) -> Iterator[datetime]:
    month = _month(now)
    for _ in range(MONTHS_AHEAD + 1):
        yield month
        month = _next(month)


def _month(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _next(month: datetime) -> datetime:
    year, months = divmod(month.year * 12 + month.month, 12)
    return month.replace(year=year, month=months + 1)
