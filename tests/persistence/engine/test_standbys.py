"""What is known of one standby between its checks; no server is needed."""

from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from domain.shared.monitoring import PoolUse
from persistence.engine.engines import Pool, StandbyOptions
from persistence.engine.measures import Measures
from persistence.engine.positions import StandbyState
from persistence.engine.replication import UNKNOWN
from persistence.engine.standbys import POOL, Standby, Standbys


@pytest.fixture
def standby() -> Iterator[Standby]:
    standby = Standby("n2:5432", "postgresql://n2:5432/shop", Pool(1))
    yield standby
    standby.dispose()


def state(timeline: int | None) -> StandbyState:
    return StandbyState(timeline, xmin=700, replayed=100)


def error() -> OperationalError:
    return OperationalError("SELECT 1", {}, ConnectionError())


class TestTimeline:
    def test_is_the_one_that_is_received(self, standby: Standby) -> None:
        assert standby.resolve(state(2)) == state(2)

    def test_stays_while_nothing_is_received(self, standby: Standby) -> None:
        standby.resolve(state(2))

        assert standby.resolve(state(-1)) == state(2)

    def test_is_that_of_the_last_checkpoint_if_none_was_received(self, standby: Standby) -> None:
        assert standby.resolve(state(-1)) == state(1)

    def test_may_be_another_one_after_a_restart(self, standby: Standby) -> None:
        standby.resolve(state(2))
        standby.fail(error())

        assert standby.resolve(state(-1)) == state(1)

    def test_of_a_server_that_is_no_standby_is_none(self, standby: Standby) -> None:
        standby.resolve(state(2))

        assert standby.resolve(state(None)) == state(None)


def test_waits_for_connections_to_all_standbys_are_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As those of one pool."""
    waits: list[tuple[str, float]] = []
    options = StandbyOptions("postgresql://n2:1,n3:1/shop", lag=5)
    standbys = Standbys(options, "postgresql://n1:1/shop", Pool(2))
    standbys.report_to(Measures(pool_wait=lambda pool, seconds: waits.append((pool, seconds))))
    first, _ = standbys._standbys  # noqa: SLF001 - no server answers
    pool = first.engines.pools["read"]
    monkeypatch.setattr(pool, "checkedout", pool.size)
    monkeypatch.setattr(QueuePool, "_do_get", lambda _pool: None)

    pool._do_get()  # noqa: SLF001 - as above

    [(name, _)] = waits
    assert name == POOL
    assert standbys.pool_use() == PoolUse(in_use=2, size=8)
    standbys.close()


class TestObstacle:
    def test_is_unknown_before_the_first_check(self, standby: Standby) -> None:
        assert standby.obstacle == UNKNOWN

    def test_ends_with_a_check(self, standby: Standby, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO")
        standby.report(error())
        standby.report(error())
        standby.set_checked(None)

        assert standby.obstacle is None
        assert standby.refusals == 2
        assert [record.message for record in caplog.records] == [
            "standby n2:5432 is not read: it does not answer as it should (ConnectionError)",
            "standby n2:5432 is read",
        ]

    def test_lasts_some_seconds_after_a_check_that_failed(self, standby: Standby) -> None:
        standby.fail(error())
        standby.set_checked(None)

        assert standby.obstacle is not None
