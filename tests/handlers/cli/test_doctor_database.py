"""Checks of `waybill doctor` of the database, standbys and the mail worker."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from domain.outbox import OutboxEvent, OutboxKind, OutboxStatus
from domain.shared.errors import Unavailable
from domain.shared.readiness import Corrupt, DistributedStandbys, ReadOnly, TransactionPooler
from handlers.cli import doctor_database
from persistence.database import Database
from persistence.diagnosis import IS_PRIMARY
from tests.conftest import KIND, MakeUrl
from tests.support import citus
from tests.support.doctor import Examine, ReplaceMethod, Result, RunDoctor
from tests.support.fakes import fake_renderers
from tests.support.releases import EXPANDING, NextRelease
from tests.support.server import free_port


class TestDatabase:
    def test_that_does_not_answer(self, examine: Examine) -> None:
        port = free_port()
        url = f"postgresql://shop:hunter2@127.0.0.1:{port}/shop"

        result = examine(DATABASE_URL=url)

        status, message = result.findings["database"]
        assert (result.exit_code, status) == (1, "error")
        assert message.startswith(f"The database 127.0.0.1:{port}/shop can't be used: ")
        assert "hunter2" not in result.output
        assert "schema" not in result.findings
        assert "mail" in result.findings

    def test_that_is_no_file_is_not_created(self, examine: Examine, tmp_path: Path) -> None:
        result = examine(DATABASE_URL=f"sqlite:///{tmp_path}/shop.sqlite3")

        assert result.exit_code == 1
        assert result.findings["database"][1].endswith("begin with: waybill migrate")
        assert not list(tmp_path.iterdir())

    def test_of_another_release(
        self, examine: Examine, make_url: MakeUrl, next_release: NextRelease
    ) -> None:
        url = make_url()
        database = Database(url, renderers=fake_renderers())
        database.migrate()
        database.close()
        next_release.add_step(EXPANDING)
        with next_release.code():
            result = examine(DATABASE_URL=url)

        status, message = result.findings["schema"]
        assert (result.exit_code, status) == (1, "error")
        assert message.endswith("Run: waybill migrate")
        assert "writing" not in result.findings

    def test_of_a_newer_release(
        self, examine: Examine, make_url: MakeUrl, next_release: NextRelease
    ) -> None:
        revision = next_release.add_step(EXPANDING)
        url = make_url()
        database = Database(url, renderers=fake_renderers())
        with next_release.code():
            database.migrate()
        database.close()

        status, message = examine(DATABASE_URL=url).findings["schema"]

        assert status == "ok"
        assert message.startswith(f"revision {revision} of a newer release")

    @pytest.mark.parametrize(
        ("check", "status", "problem"),
        [
            ("writing", "error", ("require_ready", ReadOnly())),
            ("writing", "error", ("require_ready", Corrupt())),
            ("writing", "error", ("require_ready", DistributedStandbys())),
            ("writing", "warning", ("require_ready", TransactionPooler())),
            ("pooler", "error", ("require_session_pooling", TransactionPooler())),
            ("pooler", "warning", ("require_session_pooling", Unavailable())),
            ("database", "error", ("server_time", Unavailable())),
        ],
    )
    def test_with_a_problem(
        self,
        examine: Examine,
        replace_method: ReplaceMethod,
        check: str,
        status: str,
        problem: tuple[str, Exception],
    ) -> None:
        method, refusal = problem

        def refuse() -> None:
            raise refusal

        replace_method(method, refuse)

        assert examine().findings[check][0] == status

    @pytest.mark.parametrize(("drift", "status"), [(0, "ok"), (30, "warning"), (-30, "warning")])
    def test_clock(
        self, examine: Examine, replace_method: ReplaceMethod, drift: int, status: str
    ) -> None:
        replace_method("server_time", lambda: datetime.now(UTC) + timedelta(seconds=drift))

        found, message = examine().findings["clock"]

        assert found == status
        assert ("30 s" in message) == (status == "warning")

    def test_clock_is_that_of_the_server(self, examined: Database) -> None:
        time = examined.server_time()

        if KIND == "sqlite":
            assert time is None
        else:
            assert time is not None
            assert abs(datetime.now(UTC) - time) < timedelta(minutes=1)


class TestCopies:
    @pytest.fixture
    def examine_copies(self, run_doctor: RunDoctor) -> Callable[[], Result]:
        return lambda: Result(run_doctor("--json", "--copies"))

    def test_are_compared_on_demand_only(self, examine: Examine) -> None:
        assert "copies" not in examine().findings

    def test_of_the_database(self, examine_copies: Callable[[], Result]) -> None:
        message = "the database is not distributed, and has none"
        if citus.COORDINATOR:
            message = "they are equal to the rows"

        assert examine_copies().findings["copies"] == ("ok", message)

    @pytest.mark.parametrize(
        ("sellers", "shown"), [([3, 7], "(sellers with the pk 3, 7)"), ([*range(20)], "8, 9, …)")]
    )
    def test_that_differ(
        self,
        examine_copies: Callable[[], Result],
        replace_method: ReplaceMethod,
        sellers: list[int],
        shown: str,
    ) -> None:
        replace_method("differing_copies", lambda: {"order_items_by_seller": sellers})

        result = examine_copies()

        status, message = result.findings["copies"]
        assert (result.exit_code, status) == (1, "error")
        assert message.startswith("order_items_by_seller differs from the rows")
        assert shown in message


class TestStandbys:
    @pytest.fixture
    def examine_reading(self, examine: Examine) -> Examine:
        """Examines settings with a standby, whatever the database of the test is."""
        url = f"postgresql://shop:hunter2@127.0.0.1:{free_port()}/shop"
        urls = {"DATABASE_URL": url, "DATABASE_READ_URL": url}
        return lambda **env: examine(**urls | env)

    def test_that_do_not_answer(self, examine_reading: Examine) -> None:
        result = examine_reading()

        status, message = result.findings["standby"]
        assert status == "warning"
        assert "is not read: " in message
        assert "hunter2" not in result.output

    @pytest.mark.skipif(KIND == "sqlite", reason="about a server")
    def test_that_is_the_primary(self, examine_reading: Examine, database_url: str) -> None:
        status, message = examine_reading(DATABASE_READ_URL=database_url).findings["standby"]

        assert (status, message.rpartition(": ")[2]) == ("warning", "it is a primary")

    def test_that_answers(self, examine_reading: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
        obstacles = {"db2:5432": None}
        monkeypatch.setattr(doctor_database, "standby_obstacles", lambda _: obstacles)

        assert examine_reading().findings["standby"] == ("ok", "db2:5432 answers")

    def test_beside_the_primary(
        self, examine_reading: Examine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """docs/operations/standbys.md advises to name all servers."""
        obstacles = {"db2:5432": None, "db1:5432": IS_PRIMARY}
        monkeypatch.setattr(doctor_database, "standby_obstacles", lambda _: obstacles)

        found = examine_reading().findings["standby"]

        assert found == ("ok", "db1:5432 is the primary, and not read")


class TestWorker:
    @pytest.mark.parametrize(
        ("minutes", "status", "part"),
        [
            (0, "ok", "it runs"),
            (1, "ok", "it runs"),
            (5, "error", "it last reported 5 minutes ago"),
        ],
    )
    def test_that_was_seen(
        self, examine: Examine, database_url: str, minutes: int, status: str, part: str
    ) -> None:
        seen = datetime.now(UTC) - timedelta(minutes=minutes)
        database = Database(database_url, renderers=fake_renderers(), clock=lambda: seen)
        database.record_heartbeat(uuid4())
        database.close()

        found, message = examine().findings["worker"]

        assert found == status
        assert part in message


class TestEmails:
    @pytest.mark.parametrize(
        ("minutes", "status"), [(1, "ok"), (-9, "ok"), (11, "error"), (600, "error")]
    )
    def test_that_are_overdue_have_no_worker(
        self, examine: Examine, examined: Database, minutes: int, status: str
    ) -> None:
        examined.record_heartbeat(uuid4())
        store_event(examined, minutes, OutboxStatus.PENDING)

        result = examine()

        found, message = result.findings["worker"]
        assert found == status
        assert result.exit_code == (status == "error")
        assert (f"is {minutes} minutes overdue. Run: waybill worker" in message) == (
            status == "error"
        )

    def test_that_are_dead_are_counted(self, examine: Examine, examined: Database) -> None:
        for _ in range(2):
            store_event(examined, 600, OutboxStatus.DEAD)

        result = examine()

        assert result.findings["e-mails"][0] == "warning"
        assert result.findings["e-mails"][1].startswith("2 can't be delivered.")
        assert result.exit_code == 0


def store_event(database: Database, minutes: int, status: OutboxStatus) -> None:
    """Store an e-mail that was due some minutes ago."""
    due = datetime.now(UTC) - timedelta(minutes=minutes)
    with database.writing() as uow:
        uow.outbox.add(
            OutboxEvent(
                kind=OutboxKind.PASSWORD_CHANGED,
                payload={"email": "a@example.com", "language": None},
                status=status,
                created_date=due,
                due_date=due,
            )
        )
        uow.commit()
