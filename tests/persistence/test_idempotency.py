from datetime import timedelta

import pytest
import sqlalchemy as sa

from domain.idempotency import KEY_LIFETIME, StoredResponse
from domain.shared.errors import Conflict, KeyReused
from persistence import idempotency
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.idempotency import idempotency_keys
from tests.conftest import KIND
from tests.support import citus
from tests.support.builders import NOW

ANSWER = StoredResponse(406, "application/json", b'{"non_field_errors": "No."}')
MINE, OTHER = b"m" * 32, b"o" * 32


def claim(
    database: Database,
    scope: str = "user:1",
    fingerprint: bytes = MINE,
    after: timedelta = KEY_LIFETIME,
) -> StoredResponse | None:
    """Claim the key ``after`` a time, and store a response if it was new."""
    with database.writing() as uow:
        stored = uow.idempotency_keys.claim(scope, "key", fingerprint, NOW + after - KEY_LIFETIME)
        if stored is None:
            uow.idempotency_keys.store(scope, "key", ANSWER)
            uow.commit()
    return stored


class TestClaim:
    def test_returns_the_stored_response_the_second_time(self, database: Database) -> None:
        assert claim(database) is None
        assert claim(database) == ANSWER

    def test_in_another_scope_is_independent(self, database: Database) -> None:
        claim(database)

        assert claim(database, scope="user:2") is None

    def test_with_another_request_is_refused(self, database: Database) -> None:
        claim(database)

        with pytest.raises(KeyReused):
            claim(database, fingerprint=OTHER)

    def test_without_a_commit_is_not_stored(self, database: Database) -> None:
        with database.writing() as uow:
            uow.idempotency_keys.claim("user:1", "key", MINE, NOW)

        assert claim(database, fingerprint=OTHER) is None

    def test_lasts_a_day(self, database: Database) -> None:
        claim(database)

        assert claim(database, after=2 * KEY_LIFETIME - timedelta(microseconds=1)) == ANSWER
        assert claim(database, fingerprint=OTHER, after=2 * KEY_LIFETIME) is None

    @citus.one_node("only `waybill tidy` deletes old keys of a distributed database")
    def test_deletes_expired_keys(self, database: Database, engines: Engines) -> None:
        claim(database, scope="user:2")

        claim(database, after=2 * KEY_LIFETIME)

        with engines.autocommit.connect() as connection:
            scopes = connection.execute(sa.select(idempotency_keys.c.scope)).scalars().all()
        assert scopes == ["user:1"]

    @pytest.mark.skipif(KIND == "sqlite", reason="SQLite has one writer at a time")
    def test_does_not_wait_for_long(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(idempotency, "LOCK_TIMEOUT_MS", 50)
        with database.writing() as uow:
            uow.idempotency_keys.claim("user:1", "key", MINE, NOW)

            with pytest.raises(Conflict) as caught:
                claim(database)

        assert caught.value.retry_after == 1

    @pytest.mark.skipif(KIND == "sqlite", reason="SQLite has one writer at a time")
    def test_skips_locked_expired_keys(self, database: Database, engines: Engines) -> None:
        claim(database, scope="user:2")

        with engines.writing.begin() as others:
            expired = idempotency_keys.c.scope == "user:2"
            others.execute(sa.select(idempotency_keys).where(expired).with_for_update())
            assert claim(database, after=2 * KEY_LIFETIME) is None

        with engines.autocommit.connect() as connection:
            scopes = connection.execute(sa.select(idempotency_keys.c.scope)).scalars().all()
        assert set(scopes) == {"user:1", "user:2"}
