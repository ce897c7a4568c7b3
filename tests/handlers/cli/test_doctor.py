"""`waybill doctor`: what it finds, what it says to do, and its exit code."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import click.testing
import pytest
from limits.errors import ConfigurationError

from domain.outbox import OutboxEvent, OutboxKind, OutboxStatus
from domain.shared.errors import Unavailable
from domain.shared.readiness import Corrupt, DistributedStandbys, ReadOnly, TransactionPooler
from handlers.cli import database as command_database
from handlers.cli import doctor, doctor_database, doctor_services
from handlers.cli.main import cli
from persistence.database import Database
from tests.conftest import KIND, MakeUrl
from tests.support.fakes import fake_renderers
from tests.support.releases import EXPANDING, NextRelease
from tests.support.server import free_port
from tests.support.smtp_servers import PASSWORD, QUOTED_PASSWORD, QUOTED_USER, running

SECRET = "a secret of thirty-two characters"

# By check, the status and the message.
Findings = dict[str, tuple[str, str]]


class Result:
    """What a run printed, by check, and its exit code."""

    def __init__(self, result: click.testing.Result) -> None:
        self.exit_code = result.exit_code
        self.output = result.output
        self.findings: Findings = {
            finding["check"]: (finding["status"], finding["message"])
            for finding in json.loads(result.output)
        }


Examine = Callable[..., Result]
Replace = Callable[[str, Callable[[], object]], None]


@pytest.fixture
def opened(database_url: str) -> Iterator[Database]:
    """The database that the command opens."""
    database = Database(database_url, renderers=fake_renderers())
    yield database
    database.close()


@pytest.fixture
def replace(opened: Database, monkeypatch: pytest.MonkeyPatch) -> Replace:
    """Replaces a method of the database that the command opens."""

    def replace_method(name: str, function: Callable[[], object]) -> None:
        monkeypatch.setattr(doctor, "open_database", lambda _: opened)
        monkeypatch.setattr(opened, name, function)

    return replace_method


@pytest.fixture
def run(
    database_url: str, opened: Database, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., click.testing.Result]:
    # It would replace the log handlers of pytest.
    monkeypatch.setattr(command_database, "configure_logs", lambda _: None)
    usual = {"WAYBILL_SECRET": SECRET, "WAYBILL_DATABASE_URL": database_url}

    def run_doctor(*options: str, **env: str) -> click.testing.Result:
        names = {f"WAYBILL_{name}": value for name, value in env.items()}
        return click.testing.CliRunner(env=usual | names).invoke(cli, ["doctor", *options])

    return run_doctor


@pytest.fixture
def examine(run: Callable[..., click.testing.Result]) -> Examine:
    return lambda **env: Result(run("--json", **env))


def test_a_line_for_each_check(run: Callable[..., click.testing.Result]) -> None:
    result = run()

    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert all(line.split()[0] in {"ok", "warning"} for line in lines)
    assert "ok       settings    all are valid" in lines
    assert "ok       database    it answers" in lines
    assert "warning  worker      none was seen in the last day. Run: waybill worker" in lines


def test_a_shop_as_it_should_be_has_no_warnings(examine: Examine, opened: Database) -> None:
    opened.record_heartbeat(uuid4())
    with running(auth_require_tls=False) as mail_server:
        result = examine(
            PUBLIC_URL="https://shop.example",
            TRUSTED_PROXIES="1",
            SMTP_URL=f"smtp://127.0.0.1:{mail_server.port}",
            MAIL_FROM="shop@shop.example",
        )

    expected = {"settings", "secret", "public url", "database", "schema", "pooler", "writing"}
    expected |= {"worker", "clock", "limits", "mail"} | ({"files"} if KIND == "sqlite" else set())
    assert result.exit_code == 0
    assert result.findings.keys() == expected
    assert {status for status, _ in result.findings.values()} == {"ok"}
    assert mail_server.emails == []


class TestSettings:
    def test_that_are_invalid_are_the_only_finding(self, examine: Examine) -> None:
        result = examine(PORT="x", LIMITS_STORAGE="memcached://:hunter2@here")

        assert result.exit_code == 1
        assert "WAYBILL_PORT: Not a valid integer." in result.output
        assert result.findings["settings"][1].startswith("WAYBILL_LIMITS_STORAGE: Must be")
        assert "hunter2" not in result.output

    def test_a_secret_can_be_guessed(self, examine: Examine) -> None:
        status, message = examine(SECRET_PREVIOUS="s" * 32).findings["secret"]

        assert status == "error"
        assert message.startswith("WAYBILL_SECRET_PREVIOUS can be guessed. Make one: ")

    def test_two_secrets(self, examine: Examine) -> None:
        status, message = examine(SECRET_PREVIOUS="another secret, with thirty-two").findings[
            "settings"
        ]
        assert status == "error"

        status, message = examine(SECRET_PREVIOUS=f"another {SECRET}").findings["secret"]
        assert (status, message.split(";")[0]) == ("ok", "two secrets are accepted")

    @pytest.mark.parametrize(
        ("env", "status", "part"),
        [
            ({}, "warning", "Set WAYBILL_PUBLIC_URL"),
            ({"PUBLIC_URL": "http://localhost:8000"}, "ok", "http://localhost:8000"),
            ({"PUBLIC_URL": "http://shop.example"}, "warning", "without https"),
            ({"PUBLIC_URL": "https://shop.example"}, "warning", "Set WAYBILL_TRUSTED_PROXIES"),
            (
                {"PUBLIC_URL": "https://shop.example", "TRUSTED_PROXIES": "1"},
                "ok",
                "https://shop.example",
            ),
            (
                {"PUBLIC_URL": "http://shop.example", "SECURE_COOKIES": "true"},
                "error",
                "browsers refuse Secure cookies from http",
            ),
            (
                {"PUBLIC_URL": "http://shop.example", "SESSION_COOKIE": "__Host-sessionid"},
                "error",
                "browsers refuse Secure cookies from http",
            ),
        ],
    )
    def test_public_url(
        self, examine: Examine, env: dict[str, str], status: str, part: str
    ) -> None:
        found, message = examine(**env).findings["public url"]

        assert found == status
        assert part in message

    @pytest.mark.parametrize(
        ("env", "status", "part"),
        [
            ({}, "ok", "counted in memory"),
            ({"LIMITS": "false", "WORKERS": "2"}, "warning", "not limited"),
            ({"WORKERS": "3"}, "warning", "each of 3 workers counts failed attempts separately"),
        ],
    )
    def test_limits(self, examine: Examine, env: dict[str, str], status: str, part: str) -> None:
        found, message = examine(**env).findings["limits"]

        assert found == status
        assert part in message

    @pytest.mark.skipif(KIND == "postgres", reason="about a file")
    def test_files_that_others_can_read(self, examine: Examine, database_url: str) -> None:
        file = Path(database_url.removeprefix("sqlite:///"))
        mode = file.stat().st_mode
        file.chmod(0o644)
        status, message = examine().findings["files"]
        file.chmod(mode)

        assert status == "warning"
        assert message.endswith(f"chmod go= {file}")


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
        replace: Replace,
        check: str,
        status: str,
        problem: tuple[str, Exception],
    ) -> None:
        method, refusal = problem

        def refuse() -> None:
            raise refusal

        replace(method, refuse)

        assert examine().findings[check][0] == status

    @pytest.mark.parametrize(("drift", "status"), [(0, "ok"), (30, "warning"), (-30, "warning")])
    def test_clock(self, examine: Examine, replace: Replace, drift: int, status: str) -> None:
        replace("server_time", lambda: datetime.now(UTC) + timedelta(seconds=drift))

        found, message = examine().findings["clock"]

        assert found == status
        assert ("30 s" in message) == (status == "warning")

    def test_clock_is_that_of_the_server(self, opened: Database) -> None:
        time = opened.server_time()

        if KIND == "sqlite":
            assert time is None
        else:
            assert time is not None
            assert abs(datetime.now(UTC) - time) < timedelta(minutes=1)


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


class TestWorker:
    @pytest.mark.parametrize(
        ("minutes", "status", "part"),
        [(0, "ok", "it runs"), (1, "ok", "it runs"), (5, "error", "last seen 5 minutes ago")],
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
        self, examine: Examine, opened: Database, minutes: int, status: str
    ) -> None:
        opened.record_heartbeat(uuid4())
        store_event(opened, minutes, OutboxStatus.PENDING)

        result = examine()

        found, message = result.findings["worker"]
        assert found == status
        assert result.exit_code == (status == "error")
        assert (f"for {minutes} minutes. Run: waybill worker" in message) == (status == "error")

    def test_that_are_dead_are_counted(self, examine: Examine, opened: Database) -> None:
        for _ in range(2):
            store_event(opened, 600, OutboxStatus.DEAD)

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


class TestMailServer:
    def test_that_is_not_set(self, examine: Examine) -> None:
        assert examine().findings["mail"][0] == "warning"

    def test_that_accepts_the_password(self, examine: Examine) -> None:
        with running(auth_require_tls=False) as mail_server:
            url = f"smtp://{QUOTED_USER}:{QUOTED_PASSWORD}@127.0.0.1:{mail_server.port}"
            result = examine(SMTP_URL=url)

        assert result.findings["mail"] == ("ok", "the server accepts e-mails, not encrypted")
        assert result.findings["sender"][0] == "warning"
        assert len(mail_server.logins) == 1
        assert mail_server.emails == []

    @pytest.mark.parametrize(
        ("url", "part"),
        [
            ("smtp+starttls://127.0.0.1:{}", "offers no STARTTLS"),
            ("smtp://me:wrong@127.0.0.1:{}", "refuses user and password (535)"),
        ],
    )
    def test_that_refuses(self, examine: Examine, url: str, part: str) -> None:
        with running(auth_require_tls=False) as mail_server:
            status, message = examine(SMTP_URL=url.format(mail_server.port)).findings["mail"]

        assert status == "error"
        assert part in message

    def test_that_does_not_answer(self, examine: Examine) -> None:
        url = f"smtp://me:{QUOTED_PASSWORD}@127.0.0.1:{free_port()}"

        result = examine(SMTP_URL=url)

        assert result.findings["mail"] == (
            "error",
            "the server can't be used: Connection refused",
        )
        assert PASSWORD not in result.output


class Storage:
    """A storage of limits that answers, or does not."""

    def __init__(self, *, is_there: bool) -> None:
        self._is_there = is_there

    def check(self) -> bool:
        return self._is_there


class TestLimitsStorage:
    @pytest.mark.parametrize(("is_there", "status"), [(True, "ok"), (False, "error")])
    def test_that_answers_or_not(
        self, examine: Examine, monkeypatch: pytest.MonkeyPatch, is_there: bool, status: str
    ) -> None:
        storage = Storage(is_there=is_there)
        monkeypatch.setattr(doctor_services, "storage_from_string", lambda *_, **__: storage)

        result = examine(LIMITS_STORAGE="redis://:hunter2@localhost", WORKERS="4")

        assert result.findings["limits"][0] == status
        assert "hunter2" not in result.output

    def test_that_is_not_installed(self, examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise ConfigurationError("no redis")

        monkeypatch.setattr(doctor_services, "storage_from_string", refuse)

        status, message = examine(LIMITS_STORAGE="redis://localhost").findings["limits"]

        assert status == "error"
        assert "requirements/redis.txt" in message

    def test_that_nothing_is_counted_in(self, examine: Examine) -> None:
        result = examine(LIMITS_STORAGE="redis://localhost:1", LIMITS="false")

        assert result.findings["limits"][0] == "warning"
