"""Table of maintenance runs, and its queries: one row says who is at work."""

from datetime import datetime
from functools import cache
from uuid import UUID

import sqlalchemy as sa

from domain.maintenance import INTERVAL, LEASE
from persistence.sql.bulk import insert
from persistence.sql.columns import UtcDateTime, metadata
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.work import Work

_TIDY = "tidy"

maintenance_runs = sa.Table(
    "maintenance_runs",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("holder", sa.Uuid, nullable=False),
    sa.Column("leased_until", UtcDateTime),
    sa.Column("due_date", UtcDateTime, nullable=False),
)

_OWN = (maintenance_runs.c.name == _TIDY, maintenance_runs.c.holder == sa.bindparam("by"))
_IS_LEASED = maintenance_runs.c.leased_until.is_not(None)
_RENEW = CompiledQuery(
    sa.update(maintenance_runs)
    .where(*_OWN, _IS_LEASED)
    .values(leased_until=sa.bindparam("until", type_=UtcDateTime))
    .returning(maintenance_runs.c.name)
)
_END = CompiledQuery(sa.update(maintenance_runs).where(*_OWN).values(leased_until=sa.null()))


@cache
def _claim(dialect: str, *, only_if_due: bool) -> CompiledQuery:
    """Insert the row, or take it over; returns no row if that is not possible now."""
    columns = maintenance_runs.c
    now = sa.bindparam("now", type_=UtcDateTime)
    new = {
        column.name: sa.bindparam(column.name, type_=column.type)
        for column in columns
        if column.name != "name"
    }
    statement = insert(dialect, maintenance_runs).values(name=_TIDY, **new)
    is_free = sa.or_(columns.leased_until.is_(None), columns.leased_until <= now)
    return CompiledQuery(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={name: statement.excluded[name] for name in new},
            where=sa.and_(is_free, columns.due_date <= now) if only_if_due else is_free,
        ).returning(columns.name)
    )


class SqlMaintenanceRuns:
    """Implements ``domain.maintenance.MaintenanceRuns``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def claim(self, holder: UUID, now: datetime, *, only_if_due: bool) -> bool:
        query = _claim(self._work.dialect_name, only_if_due=only_if_due)
        dates = {"now": now, "leased_until": now + LEASE, "due_date": now + INTERVAL}
        return bool(query.rows(self._work, {"holder": holder, **dates}))

    def renew(self, holder: UUID, until: datetime) -> bool:
        return bool(_RENEW.rows(self._work, {"by": holder, "until": until}))

    def end(self, holder: UUID) -> None:
        _END.rows(self._work, {"by": holder})
