"""Table of idempotency keys, and the questions asked of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from domain.errors import Conflict, KeyReused
from domain.idempotency import KEPT, StoredAnswer
from persistence.removing import remove_some
from persistence.schema import UtcDateTime, metadata
from persistence.sql.bulk import insert
from persistence.sql.work import Work

PATIENCE_MS = 2000
_PURGED_AT_ONCE = 100
_LOCK_NOT_AVAILABLE = "55P03"

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("scope", sa.String(128), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
    sa.Column("created_date", UtcDateTime, nullable=False, index=True),
    sa.Column("status", sa.Integer),
    sa.Column("content_type", sa.Text),
    sa.Column("body", sa.LargeBinary),
)


class SqlIdempotencyKeys:
    """The stored keys, as ``domain.idempotency.IdempotencyKeys`` asks of them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def claim(self, scope: str, key: str, fingerprint: bytes, now: datetime) -> StoredAnswer | None:
        with self._bounded_wait():
            claimed = self._work.execute(self._claim(scope, key, fingerprint, now)).first()
        if claimed is not None:
            self._purge(now)
            return None
        stored = self._work.execute(sa.select(idempotency_keys).where(*_is(scope, key))).one()
        if stored.fingerprint != fingerprint:
            raise KeyReused
        return StoredAnswer(stored.status, stored.content_type, stored.body)

    def keep(self, scope: str, key: str, answer: StoredAnswer) -> None:
        values = {
            "status": answer.status,
            "content_type": answer.content_type,
            "body": answer.body,
        }
        self._work.execute(sa.update(idempotency_keys).where(*_is(scope, key)).values(**values))

    def _claim(self, scope: str, key: str, fingerprint: bytes, now: datetime) -> sa.Executable:
        """Insert the key, or take over one whose time has run out; no row where it is in use."""
        statement = insert(self._work.dialect_name, idempotency_keys)
        unanswered = dict.fromkeys(("status", "content_type", "body"))
        return (
            statement.values(scope=scope, key=key, fingerprint=fingerprint, created_date=now)
            .on_conflict_do_update(
                index_elements=["scope", "key"],
                set_={"fingerprint": fingerprint, "created_date": now, **unanswered},
                where=idempotency_keys.c.created_date <= now - KEPT,
            )
            .returning(idempotency_keys.c.key)
        )

    def _purge(self, now: datetime) -> None:
        """Forget some keys whose time has run out, leaving those that others are at."""
        columns = idempotency_keys.c
        old = columns.created_date <= now - KEPT
        remove_some(self._work, [columns.scope, columns.key], old, _PURGED_AT_ONCE)

    @contextmanager
    def _bounded_wait(self) -> Iterator[None]:
        """Wait two seconds for whoever holds the key; SQLite's writers wait at their beginning."""
        if self._work.dialect_name == "sqlite":
            yield
            return
        self._work.execute(sa.text(f"SET LOCAL lock_timeout = {PATIENCE_MS}"))
        try:
            yield
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            message = "The first request with this Idempotency-Key is still at work."
            raise Conflict(message, code="idempotency_key_in_use", retry_after=1) from error
        self._work.execute(sa.text("SET LOCAL lock_timeout TO DEFAULT"))


def _is(scope: str, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return idempotency_keys.c.scope == scope, idempotency_keys.c.key == key
