"""Connections to SQLite, and its write lock within a process and between processes."""

import runpy
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from domain.shared.errors import Unavailable
from persistence.engine import sqlite
from persistence.engine.engines import Engines, Pool, connect
from persistence.engine.sqlite import retry_while_busy


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "waybill.sqlite3"


@pytest.fixture
def opened(file: Path) -> Iterator[Engines]:
    opened = connect(f"sqlite:///{file}", Pool(2))
    yield opened
    opened.dispose()


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 50)


class TestWriteLock:
    def test_waits_for_the_thread_that_has_it(self, opened: Engines) -> None:
        done: list[str] = []
        begun = Event()

        def wait() -> None:
            begun.set()
            with opened.write_lock():
                done.append("second")

        with opened.write_lock():
            waiting = Thread(target=wait)
            waiting.start()
            begun.wait()
            done.append("first")
        waiting.join()

        assert done == ["first", "second"]

    @pytest.mark.usefixtures("short_timeout")
    def test_raises_unavailable_after_the_busy_timeout(self, opened: Engines) -> None:
        refusals: list[Unavailable] = []

        def wait() -> None:
            try:
                with opened.write_lock():
                    pass
            except Unavailable as refusal:
                refusals.append(refusal)

        with opened.write_lock():
            waiting = Thread(target=wait)
            waiting.start()
            waiting.join()

        assert len(refusals) == 1

    def test_is_released_after_an_error(self, opened: Engines) -> None:
        with pytest.raises(ZeroDivisionError), opened.write_lock():
            raise ZeroDivisionError
        done = []
        with opened.write_lock():
            done.append("next")

        assert done == ["next"]


class TestBegin:
    @pytest.mark.usefixtures("short_timeout")
    def test_waits_for_another_process_until_the_busy_timeout(
        self, opened: Engines, file: Path
    ) -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(OperationalError, match="locked"), opened.writing.begin():
                pass
            other.execute("COMMIT")
            with opened.writing.begin() as connection:
                assert connection.scalar(sa.text("PRAGMA busy_timeout")) == 50


class TestRetryWhileBusy:
    @pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY])
    def test_retries_while_the_file_is_busy(self, code: int) -> None:
        refusals = [refusal(code), refusal(code)]

        retry_while_busy(partial(refuse, refusals))

        assert refusals == []

    def test_raises_any_other_error(self) -> None:
        refusals = [refusal(sqlite3.SQLITE_BUSY), refusal(sqlite3.SQLITE_FULL), refusal(0)]

        with pytest.raises(sqlite3.OperationalError) as raised:
            retry_while_busy(partial(refuse, refusals))

        assert raised.value.sqlite_errorcode == sqlite3.SQLITE_FULL
        assert len(refusals) == 1

    @pytest.mark.usefixtures("short_timeout")
    def test_raises_the_last_error_after_the_busy_timeout(self) -> None:
        refusals = [refusal(sqlite3.SQLITE_BUSY) for _ in range(1000)]

        with pytest.raises(sqlite3.OperationalError):
            retry_while_busy(partial(refuse, refusals))

        assert refusals


def refuse(refusals: list[sqlite3.OperationalError]) -> None:
    """Raise and remove the first error, if there is one."""
    if refusals:
        raise refusals.pop(0)


def refusal(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = code
    return error


def test_commits_survive_a_crash_of_the_machine(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # conftest.py turns fsync off for the tests' own databases.
    original = runpy.run_path(sqlite.__file__)
    monkeypatch.setattr(sqlite, "SYNCHRONOUS", original["SYNCHRONOUS"])
    opened = connect(f"sqlite:///{file}", Pool(1))
    with opened.autocommit.connect() as connection:
        assert connection.scalar(sa.text("PRAGMA synchronous")) == 2
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
    opened.dispose()
