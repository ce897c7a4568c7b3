import pytest
from sqlalchemy.exc import IntegrityError

from domain.accounts.users import User
from domain.shared.errors import Unavailable
from persistence import availability
from persistence.database import Database, utc_now
from persistence.engine import engines
from persistence.engine.engines import Pool
from tests.support.builders import NOW, make_user
from tests.support.fakes import FakeClock, fake_renderers
from tests.support.stored import store_order, store_user


def open_database(url: str, size: int = 1) -> Database:
    return Database(url, renderers=fake_renderers(), pool=Pool(size))


class TestWriting:
    def test_without_a_commit_nothing_happened(self, database: Database) -> None:
        user = make_user()
        with database.writing() as uow:
            uow.users.add(user)

        with database.reading() as uow:
            assert uow.users.get(user.pk) is None

    def test_an_error_undoes_what_is_not_committed(self, database: Database) -> None:
        first, second = make_user(), make_user()

        def fail_halfway() -> None:
            with database.writing() as uow:
                uow.users.add(first)
                uow.commit()
                uow.users.add(second)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail_halfway()

        with database.reading() as uow:
            assert uow.users.get(first.pk) is not None
            assert uow.users.get(second.pk) is None

    def test_all_of_it_happens_at_one_moment(self, database: Database, clock: FakeClock) -> None:
        with database.writing() as uow:
            clock.now = utc_now()

            assert uow.now == NOW


class TestReading:
    def test_sees_what_is_committed_meanwhile(self, database: Database) -> None:
        with database.reading() as uow:
            user = store_user(database)

            assert uow.users.get(user.pk) is not None

    def test_changes_nothing(self, database: Database, shopper: User) -> None:
        with database.reading() as uow:
            user = uow.users.get(shopper.pk)
            assert user is not None
            user.first_name = "Other"

            with pytest.raises(RuntimeError, match="changes nothing"):
                uow.commit()


class TestAvailability:
    def test_a_database_that_answers_is_available(self, database: Database) -> None:
        database.require_ready()

    @pytest.mark.parametrize(
        "url",
        ["sqlite:////nowhere/waybill.sqlite3", "postgres://waybill@127.0.0.1:1/none"],
        ids=["sqlite", "postgres"],
    )
    def test_one_that_can_not_be_reached_is_not(self, url: str) -> None:
        with pytest.raises(Unavailable):
            open_database(url).require_ready()

    def test_failures_are_logged_with_a_traceback_once_in_a_while(
        self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        database = open_database("sqlite:////nowhere/waybill.sqlite3")

        def fail() -> None:
            with pytest.raises(Unavailable), database.writing() as uow:
                uow.outbox.get(1)

        for _ in range(3):
            fail()
        monkeypatch.setattr(availability, "_TRACEBACK_SECONDS", 0.0)
        fail()
        database.close()

        assert [bool(record.exc_info) for record in caplog.records] == [True, False, False, True]
        assert {record.levelname for record in caplog.records} == {"ERROR"}
        assert caplog.messages[1].startswith("the database is not available: ")

    def test_a_pool_in_use_is_waited_for_a_moment_only(
        self, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engines, "POOL_TIMEOUT", 0.05)
        database = open_database(database_url)
        with database.reading() as uow:
            uow.users.get(1)

            with pytest.raises(Unavailable):
                database.require_ready()
        database.close()

    def test_rendering_takes_no_second_connection(self, database_url: str) -> None:
        database = open_database(database_url)
        order = store_order(database, user_pk=store_user(database).pk)

        with database.reading() as uow:
            assert uow.orders.document(order.user_pk, order.pk, "en-us") is not None
        database.close()

    def test_why_it_is_not_available_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        with pytest.raises(Unavailable):
            open_database("sqlite:////nowhere/waybill.sqlite3").require_ready()

        assert "unable to open database file" in caplog.text

    def test_errors_do_not_tell_what_was_to_be_stored(self, database: Database) -> None:
        with pytest.raises(IntegrityError) as refusal:
            store_order(database, user_pk=10**9, user_email="ayse@example.com")

        assert "ayse@example.com" not in str(refusal.value)


def test_a_closed_database_opens_again_when_it_is_needed(database: Database) -> None:
    database.close()

    database.require_ready()
