"""Table of sessions, and its queries."""

from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from domain.accounts.sessions import Session, SessionOwner
from domain.accounts.users import UserType
from persistence.accounts.users import users
from persistence.sql.bulk import insert_rows
from persistence.sql.columns import BigId, UtcDateTime, metadata
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.prefetch import OwnerQuery
from persistence.sql.work import Work

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column(
        "user_pk",
        BigId,
        sa.ForeignKey("users.pk", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("expires_date", UtcDateTime, nullable=False, index=True),
    sa.CheckConstraint("length(id_hash) = 32", name="id_hash"),
)


_CREDENTIAL = sessions.c.id_hash == sa.bindparam("id_hash")
_OWNER = OwnerQuery(
    sa.select(sessions.c.user_pk, users.c.user_type, users.c.is_active, sessions.c.expires_date)
    .join_from(sessions, users)
    .where(_CREDENTIAL),
    key=sessions.c.user_pk,
    credential=_CREDENTIAL,
)
_USERS = sessions.c.user_pk == sa.bindparam("user_pk", type_=BigId)
_REMOVE = CompiledQuery(sa.delete(sessions).where(_CREDENTIAL))
_REMOVE_OF_USER = CompiledQuery(sa.delete(sessions).where(_CREDENTIAL, _USERS))


class SqlSessions:
    """Implements ``domain.accounts.sessions.Sessions``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, session: Session) -> None:
        insert_rows(self._work, sessions, [asdict(session)])

    def owner(self, id_hash: bytes, user_pk: int | None = None) -> SessionOwner | None:
        row = _OWNER.row(self._work, {"id_hash": id_hash}, user_pk)
        if row is None:
            return None
        owner_pk, user_type, is_active, expires_date = row
        return SessionOwner(owner_pk, user_type is UserType.GUEST, is_active, expires_date)

    def remove(self, id_hash: bytes, user_pk: int | None = None) -> None:
        if user_pk is None:
            _REMOVE.rows(self._work, {"id_hash": id_hash})
        else:
            _REMOVE_OF_USER.rows(self._work, {"id_hash": id_hash, "user_pk": user_pk})

    def remove_all(self, user_pk: int) -> int:
        ended = sa.delete(sessions).where(sessions.c.user_pk == user_pk)
        return self._work.execute(ended).rowcount

    def newest(self, user_pk: int) -> datetime | None:
        newest = sa.select(sa.func.max(sessions.c.created_date)).where(
            sessions.c.user_pk == user_pk
        )
        began: datetime | None = self._work.execute(newest).scalar_one()
        return began
