from typing import Any

import pytest

from domain.shared.errors import Unavailable
from handlers import maintenance
from handlers.app import database_of
from handlers.contract.asgi.routing import ContractApp
from handlers.maintenance import HourlyTidy
from persistence.database import Database
from tests.support.application import Shop


@pytest.fixture
def database(app: ContractApp) -> Database:
    """That of the application, whose clock goes."""
    return database_of(app)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the clock that decides when to look."""
    now = [1000.0]
    monkeypatch.setattr(maintenance, "monotonic", lambda: now[0])
    return now


def finish(tidy: HourlyTidy) -> int:
    """Do all steps that are due; return how many."""
    steps = 0
    while tidy.step():
        steps += 1
    return steps


class TestHourlyTidy:
    def test_removes_what_has_expired(
        self, database: Database, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        for _ in range(3):
            shop.session(shop.user(), days=-1)

        assert finish(HourlyTidy(database)) > 5

        assert "tidied" in caplog.text
        assert "'sessions': 3" in caplog.text

    def test_is_done_by_one_of_several_workers(
        self, database: Database, seconds: list[float]
    ) -> None:
        workers = [HourlyTidy(database) for _ in range(3)]

        assert [worker.step() for worker in workers] == [True, False, False]
        assert finish(workers[0]) > 5
        seconds[0] += 60
        assert [worker.step() for worker in workers] == [False] * 3

    def test_looks_once_a_minute(
        self, database: Database, seconds: list[float], statements: list[Any]
    ) -> None:
        tidy = HourlyTidy(database)
        finish(tidy)
        statements.clear()

        assert not tidy.step()
        assert statements == []
        seconds[0] += 60
        assert not tidy.step()
        assert [sql for sql, _ in statements if "maintenance_runs" in sql]

    @pytest.mark.parametrize("error", [Unavailable(), ValueError("text")])
    def test_an_error_ends_the_run_only(
        self,
        database: Database,
        error: Exception,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        tidy = HourlyTidy(database)
        assert tidy.step()

        def fail(*_: object) -> None:
            raise error

        with monkeypatch.context() as patched:
            patched.setattr(Database, "write", fail)
            finish(tidy)

        assert "tidying_failed" in caplog.text
        assert type(error).__name__ in caplog.text
        assert "text" not in caplog.text
        assert not tidy.step()
