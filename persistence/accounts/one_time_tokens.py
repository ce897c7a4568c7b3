"""Table of one-time tokens, and its queries."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from domain.accounts.one_time_tokens import OneTimeToken, Purpose
from persistence.sql.bulk import insert_rows
from persistence.sql.columns import UtcDateTime, enum_column, metadata, parent
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.statements import first
from persistence.sql.work import Work

one_time_tokens = sa.Table(
    "one_time_tokens",
    metadata,
    sa.Column("uuid", sa.Uuid, primary_key=True),
    enum_column("purpose", Purpose),
    parent("user_pk", "users"),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("expires_date", UtcDateTime, nullable=False, index=True),
    sa.Column("used_date", UtcDateTime),
)


_COLUMNS = [str(column.name) for column in one_time_tokens.c]
_UUID = one_time_tokens.c.uuid == sa.bindparam("uuid")
_IS_UNUSED = one_time_tokens.c.used_date.is_(None)
_GET = CompiledQuery(
    sa.select(one_time_tokens).where(_UUID, one_time_tokens.c.purpose == sa.bindparam("purpose"))
)
_MARKED = sa.update(one_time_tokens).values(used_date=sa.bindparam("now")).where(_IS_UNUSED)
_MARKED = _MARKED.returning(one_time_tokens.c.uuid)
_USE = CompiledQuery(_MARKED.where(_UUID, one_time_tokens.c.expires_date > sa.bindparam("now")))
_REVOKE = CompiledQuery(_MARKED.where(one_time_tokens.c.user_pk == sa.bindparam("of_user_pk")))


class SqlOneTimeTokens:
    """Implements ``domain.accounts.one_time_tokens.OneTimeTokens``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, token: OneTimeToken) -> None:
        insert_rows(self._work, one_time_tokens, [asdict(token)])

    def get(self, uuid: UUID, purpose: Purpose) -> OneTimeToken | None:
        row = first(_GET.rows(self._work, {"uuid": uuid, "purpose": purpose}))
        return None if row is None else OneTimeToken(**dict(zip(_COLUMNS, row, strict=True)))

    def use(self, uuid: UUID, now: datetime) -> bool:
        return bool(_USE.rows(self._work, {"uuid": uuid, "now": now}))

    def revoke(self, user_pk: int, now: datetime) -> None:
        _REVOKE.rows(self._work, {"of_user_pk": user_pk, "now": now})
