"""Table of idempotency keys, and its queries."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from domain.idempotency import KEY_LIFETIME, StoredResponse
from domain.shared.errors import Conflict, KeyReused
from persistence.engine.nodes import is_distributed
from persistence.sql.bulk import insert
from persistence.sql.columns import UtcDateTime, metadata
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.expired_rows import delete_batch
from persistence.sql.work import Work

LOCK_TIMEOUT_MS = 2000
_PURGE_BATCH = 100
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


_IS_KEY = (
    idempotency_keys.c.scope == sa.bindparam("scope"),
    idempotency_keys.c.key == sa.bindparam("key"),
)
_RESPONSE = ("status", "content_type", "body")
_STORED = CompiledQuery(
    sa.select(*(idempotency_keys.c[name] for name in ("fingerprint", *_RESPONSE))).where(*_IS_KEY)
)
_STORE = CompiledQuery(
    sa.update(idempotency_keys)
    .where(*_IS_KEY)
    .values(
        {
            name: sa.bindparam(f"new_{name}", type_=idempotency_keys.c[name].type)
            for name in _RESPONSE
        }
    )
)
REMOVE_OLD = delete_batch(
    [idempotency_keys.c.scope, idempotency_keys.c.key],
    idempotency_keys.c.created_date <= sa.bindparam("before", type_=UtcDateTime),
)
_SET_TIMEOUT, _RESET_TIMEOUT = (
    CompiledQuery(sa.select(sa.func.set_config("lock_timeout", timeout, True).label("timeout")))
    for timeout in (f"{LOCK_TIMEOUT_MS}ms", None)
)


@cache
def _claim(dialect: str) -> CompiledQuery:
    """Insert the key, or take over an expired one; returns no row if the key is in use."""
    columns = ("scope", "key", "fingerprint", "created_date")
    new: dict[str, Any] = {
        name: sa.bindparam(name, type_=idempotency_keys.c[name].type) for name in columns
    }
    statement = insert(dialect, idempotency_keys).values(new)
    changed = {name: statement.excluded[name] for name in ("fingerprint", "created_date")}
    return CompiledQuery(
        statement.on_conflict_do_update(
            index_elements=["scope", "key"],
            set_={**changed, **dict.fromkeys(_RESPONSE, sa.null())},
            where=idempotency_keys.c.created_date <= sa.bindparam("before", type_=UtcDateTime),
        ).returning(idempotency_keys.c.key)
    )


class SqlIdempotencyKeys:
    """Implements ``domain.idempotency.IdempotencyKeys``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def claim(
        self, scope: str, key: str, fingerprint: bytes, now: datetime
    ) -> StoredResponse | None:
        values = {"scope": scope, "key": key}
        new = {"fingerprint": fingerprint, "created_date": now, "before": now - KEY_LIFETIME}
        with self._bounded_wait():
            claimed = _claim(self._work.dialect_name).rows(self._work, values | new)
        if claimed:
            # On Citus it would wait for locked rows; `waybill tidy` does it.
            if not is_distributed(self._work.connection):
                REMOVE_OLD.rows(self._work, {"before": now - KEY_LIFETIME, "limit": _PURGE_BATCH})
            return None
        [(stored, *response)] = _STORED.rows(self._work, values)
        if stored != fingerprint:
            raise KeyReused
        return StoredResponse(*response)

    def store(self, scope: str, key: str, response: StoredResponse) -> None:
        values = {f"new_{name}": getattr(response, name) for name in _RESPONSE}
        _STORE.rows(self._work, {"scope": scope, "key": key, **values})

    @contextmanager
    def _bounded_wait(self) -> Iterator[None]:
        """Wait for the request with the key, two seconds; SQLite waits when a write begins."""
        if self._work.dialect_name == "sqlite":
            yield
            return
        connection = self._work.connection
        # Citus sends these to the other nodes, but not the results of set_config.
        is_one_node = not is_distributed(connection)
        if is_one_node:
            _SET_TIMEOUT.rows(self._work, {})
        else:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MS}ms'")
        try:
            yield
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            message = "The first request with this Idempotency-Key is still at work."
            raise Conflict(message, code="idempotency_key_in_use", retry_after=1) from error
        if is_one_node:
            _RESET_TIMEOUT.rows(self._work, {})
        else:
            connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")
