"""Table of one-time tokens, and the questions asked of it."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from domain.one_time_tokens import OneTimeToken, Purpose
from persistence.schema import UtcDateTime, metadata, one_of, parent
from persistence.sql.work import Work

one_time_tokens = sa.Table(
    "one_time_tokens",
    metadata,
    sa.Column("uuid", sa.Uuid, primary_key=True),
    one_of("purpose", Purpose),
    parent("user_pk", "users"),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("expires_date", UtcDateTime, nullable=False, index=True),
    sa.Column("used_date", UtcDateTime),
)


class SqlOneTimeTokens:
    """The stored tokens, as ``domain.one_time_tokens.OneTimeTokens`` asks of them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, token: OneTimeToken) -> None:
        self._work.execute(sa.insert(one_time_tokens).values(asdict(token)))

    def get(self, uuid: UUID, purpose: Purpose) -> OneTimeToken | None:
        columns = one_time_tokens.c
        found = sa.select(one_time_tokens).where(columns.uuid == uuid, columns.purpose == purpose)
        row = self._work.execute(found).mappings().one_or_none()
        return None if row is None else OneTimeToken(**row)

    def use(self, uuid: UUID, now: datetime) -> bool:
        columns = one_time_tokens.c
        return self._mark(now, columns.uuid == uuid, columns.expires_date > now) == 1

    def revoke(self, user_pk: int, now: datetime) -> None:
        self._mark(now, one_time_tokens.c.user_pk == user_pk)

    def remove_expired(self, now: datetime) -> None:
        expired = one_time_tokens.c.expires_date <= now
        self._work.execute(sa.delete(one_time_tokens).where(expired))

    def _mark(self, now: datetime, *which: sa.ColumnElement[bool]) -> int:
        """Mark tokens that are not used yet; return how many there were."""
        unused = one_time_tokens.c.used_date.is_(None)
        marked = sa.update(one_time_tokens).where(unused, *which).values(used_date=now)
        return self._work.execute(marked).rowcount
