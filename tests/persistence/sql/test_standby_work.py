"""Which server a unit of work reads, when a standby is behind or fails. Any database will do."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from domain.shared.positions import ORIGIN, StandbyReader
from persistence.engine.engines import Engines, Pool, connect
from persistence.engine.positions import StandbyState
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.standby_work import StandbyQuery, StandbyWork

_NAME = sa.select(sa.column("name", sa.Text)).select_from(sa.table("servers"))
NAME, LOOK_UP = CompiledQuery(_NAME), StandbyQuery(_NAME)
STATE = StandbyState(1, 700, 100)


class FakeStandbys:
    """Accepts the states of the standbys in ``accepted``."""

    def __init__(self) -> None:
        self.accepted = {"n2", "n3"}
        self.is_primary_away = False

    def accepts(self, standby: Any, _state: StandbyState, _reader: StandbyReader) -> bool:
        return standby.name in self.accepted


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[str, Engines]]:
    """Three databases that know their names."""
    opened = {}
    for name in ("n1", "n2", "n3"):
        engines = opened[name] = connect(f"sqlite:///{tmp_path}/{name}.sqlite3", Pool(2))
        with engines.writing.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE servers (name TEXT)")
            connection.execute(sa.text("INSERT INTO servers VALUES (:name)"), {"name": name})
    yield opened
    for engines in opened.values():
        engines.dispose()


@pytest.fixture
def standbys() -> FakeStandbys:
    return FakeStandbys()


@pytest.fixture
def errors() -> list[str]:
    """The standbys that have failed."""
    return []


@pytest.fixture
def work(
    servers: dict[str, Engines], standbys: FakeStandbys, errors: list[str]
) -> Iterator[StandbyWork]:
    def standby(name: str) -> Any:
        return SimpleNamespace(
            name=name, engines=servers[name], report=lambda _error: errors.append(name)
        )

    candidates: Any = [standby("n2"), standby("n3")]
    known: Any = standbys
    work = StandbyWork(known, candidates, StandbyReader(ORIGIN, "a"), servers["n1"].autocommit)
    yield work
    work.close()


def drop(engines: Engines) -> None:
    """Make every statement on a server fail."""
    with engines.writing.begin() as connection:
        connection.exec_driver_sql("DROP TABLE servers")


def test_stays_on_the_standby_that_is_accepted(work: StandbyWork) -> None:
    assert LOOK_UP.scalar(work, {}) == "n2"
    assert work.accepts(STATE)

    assert NAME.scalar(work, {}) == "n2"
    assert work.scalar(_NAME) == "n2"


def test_reads_the_primary_before_a_standby_is_accepted(work: StandbyWork) -> None:
    assert NAME.scalar(work, {}) == "n1"
    assert not work.accepts(STATE)


def test_executes_on_the_primary_before_a_standby_is_accepted(work: StandbyWork) -> None:
    assert work.scalar(_NAME) == "n1"


def test_leaves_a_standby_that_is_behind(work: StandbyWork, standbys: FakeStandbys) -> None:
    standbys.accepted.clear()
    LOOK_UP.rows(work, {})

    assert not work.accepts(STATE)
    assert LOOK_UP.scalar(work, {}) == "n1"


def test_tries_the_others_while_the_primary_is_away(
    work: StandbyWork, standbys: FakeStandbys
) -> None:
    standbys.accepted = {"n3"}
    standbys.is_primary_away = True
    assert LOOK_UP.scalar(work, {}) == "n2"
    assert not work.accepts(STATE)

    assert LOOK_UP.scalar(work, {}) == "n3"
    assert work.accepts(STATE)
    assert NAME.scalar(work, {}) == "n3"


def test_a_standby_that_fails_is_reported_and_left(
    work: StandbyWork, servers: dict[str, Engines], errors: list[str]
) -> None:
    drop(servers["n2"])

    assert LOOK_UP.scalar(work, {}) == "n1"
    assert errors == ["n2"]


@pytest.mark.parametrize("is_primary_away", [False, True])
def test_never_reads_another_standby_once_rows_were_accepted(
    work: StandbyWork,
    standbys: FakeStandbys,
    servers: dict[str, Engines],
    errors: list[str],
    is_primary_away: bool,
) -> None:
    """Another standby may be behind the one before."""
    standbys.is_primary_away = is_primary_away
    LOOK_UP.rows(work, {})
    work.accepts(STATE)
    drop(servers["n2"])

    assert work.scalar(_NAME) == "n1"
    assert NAME.scalar(work, {}) == "n1"
    assert errors == ["n2"]


def test_a_failure_of_the_primary_is_raised(
    work: StandbyWork, servers: dict[str, Engines], errors: list[str]
) -> None:
    drop(servers["n1"])
    drop(servers["n2"])

    with pytest.raises(SQLAlchemyError):
        LOOK_UP.rows(work, {})
    with pytest.raises(SQLAlchemyError):
        work.scalar(_NAME)

    assert errors == ["n2"]
