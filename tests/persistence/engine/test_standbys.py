"""What is known of one standby between its checks; no server is needed."""

from collections.abc import Iterator

import pytest
from sqlalchemy.exc import OperationalError

from persistence.engine.engines import Pool
from persistence.engine.positions import StandbyState
from persistence.engine.replication import UNKNOWN
from persistence.engine.standbys import Standby


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
