"""Which standbys may be read, from samples of the primary."""

import pytest

from domain.shared.positions import ORIGIN, Position
from persistence.engine.positions import StandbyState, position_after
from persistence.engine.replication import UNKNOWN, PrimarySample, Replication, waited_for

NOW = 11.0


@pytest.fixture
def replication() -> Replication:
    """Samples of a primary that wrote 10 bytes a second until second 10."""
    replication = Replication(lag=5)
    for second in range(11):
        replication.add(PrimarySample(timeline=3, written=10 * second, at=second))
    return replication


def state(replayed: int | None, timeline: int | None = 3) -> StandbyState:
    return StandbyState(timeline, xmin=700, replayed=replayed)


class TestObstacle:
    def test_before_the_first_sample(self) -> None:
        assert Replication(5).obstacle(state(100), NOW) == UNKNOWN

    @pytest.mark.parametrize("replayed", [50, 99, 100, 120])
    def test_there_is_none_within_the_lag(self, replication: Replication, replayed: int) -> None:
        assert replication.obstacle(state(replayed), NOW) is None

    @pytest.mark.parametrize("replayed", [0, 49, None])
    def test_a_standby_that_is_further_behind(
        self, replication: Replication, replayed: int | None
    ) -> None:
        assert replication.obstacle(state(replayed), NOW) == "it is more than 5 seconds behind"

    @pytest.mark.parametrize("timeline", [2, 4])
    def test_another_timeline(self, replication: Replication, timeline: int) -> None:
        obstacle = replication.obstacle(state(1000, timeline), NOW)

        assert obstacle == f"its timeline is {timeline}, the primary's 3"

    def test_a_server_that_is_no_standby(self, replication: Replication) -> None:
        assert replication.obstacle(state(100, None), NOW) == "it is no standby"

    def test_samples_of_an_earlier_timeline_do_not_count(self, replication: Replication) -> None:
        replication.add(PrimarySample(timeline=4, written=60, at=11))

        assert replication.obstacle(state(60, 4), NOW) is None
        assert replication.obstacle(state(59, 4), NOW) == "it is more than 5 seconds behind"
        assert replication.obstacle(state(1000), NOW) == "its timeline is 3, the primary's 4"

    def test_the_last_samples_count_while_the_primary_is_away(
        self, replication: Replication
    ) -> None:
        replication.lose_primary()

        assert replication.obstacle(state(50), now=15) is None
        assert replication.obstacle(state(49), now=15) is not None

    def test_the_primary_that_has_not_answered_for_as_long_as_the_lag(
        self, replication: Replication
    ) -> None:
        """Another server may have become the primary."""
        obstacle = replication.obstacle(state(100), now=15.1)

        assert obstacle == "the primary has not answered for 5 seconds"

        replication.add(PrimarySample(timeline=3, written=100, at=100))

        assert replication.obstacle(state(100), now=100) is None
        assert replication.obstacle(state(99), now=100) is not None

    def test_the_primary_is_away_until_the_next_sample(self, replication: Replication) -> None:
        known = [replication.is_primary_away]
        replication.lose_primary()
        known.append(replication.is_primary_away)
        replication.add(PrimarySample(timeline=3, written=100, at=100))
        known.append(replication.is_primary_away)

        assert known == [False, True, False]


class TestLaterTimeline:
    """A server on it shows that another one became the primary."""

    OBSTACLE = "a server is on timeline 4, the primary on 3"

    def test_ends_the_reads_of_all_standbys(self, replication: Replication) -> None:
        replication.set_timeline("n3", 4)

        assert replication.obstacle(state(100), NOW) == self.OBSTACLE

    def test_counts_while_the_primary_answers_on_its_own(self, replication: Replication) -> None:
        replication.set_timeline("n3", 4)
        replication.add(PrimarySample(timeline=3, written=110, at=11))

        assert replication.obstacle(state(110), NOW) == self.OBSTACLE

    def test_ends_with_the_primary_s_own(self, replication: Replication) -> None:
        replication.set_timeline("n3", 4)
        replication.add(PrimarySample(timeline=4, written=110, at=11))

        assert replication.obstacle(state(110, 4), NOW) is None
        assert replication.obstacle(state(110), NOW) == "its timeline is 3, the primary's 4"

    def test_ends_when_the_server_was_made_a_standby_again(self, replication: Replication) -> None:
        replication.set_timeline("n3", 4)
        replication.set_timeline("n3", 3)

        assert replication.obstacle(state(100), NOW) is None

    def test_is_that_of_a_standby_that_was_promoted(self, replication: Replication) -> None:
        assert replication.note_timeline("n3", None)

        assert replication.obstacle(state(100), NOW) == self.OBSTACLE

    def test_is_not_undone_by_a_statement_that_is_late(self, replication: Replication) -> None:
        assert replication.note_timeline("n3", 4)
        assert not replication.note_timeline("n3", 4)
        assert not replication.note_timeline("n3", 3)

        assert replication.obstacle(state(100), NOW) == self.OBSTACLE

    def test_is_unknown_before_the_first_sample(self) -> None:
        replication = Replication(5)

        assert not replication.note_timeline("n3", None)
        assert replication.obstacle(state(100), NOW) == UNKNOWN


def test_the_age_of_a_standby_is_that_of_the_sample_it_has(replication: Replication) -> None:
    assert replication.seconds_behind(state(100), now=10.5) == 0.5
    assert replication.seconds_behind(state(79), now=10.5) == 3.5
    assert replication.seconds_behind(state(0), now=10.5) is None
    assert replication.seconds_behind(state(100, 2), now=10.5) is None


class TestSynchronous:
    def test_is_what_the_primary_said_within_the_lag(self, replication: Replication) -> None:
        assert not replication.is_synchronous("n2", now=10)
        replication.add(PrimarySample(3, 100, at=10, synchronous=frozenset({"n2"})))

        assert replication.is_synchronous("N2", now=15)
        assert not replication.is_synchronous("n2", now=15.1)
        assert not replication.is_synchronous("n3", now=10)
        assert not replication.is_synchronous(None, now=10)

    @pytest.mark.parametrize(
        ("setting", "synchronous"),
        [
            ("FIRST 2 (n2, n3)", ["n2", "n3"]),
            ("first 2 (n2,n3)", ["n3", "n2"]),
            ("2 (n2, n3)", ["n2", "n3"]),
            ("n2", ["n2"]),
            ('FIRST 1 ("N2")', ["N2"]),
        ],
    )
    def test_every_commit_waits_for_all_that_are_named(
        self, setting: str, synchronous: list[str]
    ) -> None:
        assert waited_for(setting, synchronous) == {name.lower() for name in synchronous}

    @pytest.mark.parametrize(
        ("setting", "synchronous"),
        [
            ("", []),
            ("FIRST 1 (n2, n3)", ["n2"]),
            ("n2, n3", ["n2"]),
            ("ANY 1 (n2, n3)", []),
            ("ANY 1 (n2)", []),
            ("ANY 2 (n2, n3)", []),
            ("FIRST 2 (n2, n3)", ["n2"]),
            ("*", ["n2"]),
            ("FIRST 1 (*)", ["n2"]),
        ],
    )
    def test_no_commit_waits_for_one_that_another_may_replace(
        self, setting: str, synchronous: list[str]
    ) -> None:
        assert waited_for(setting, synchronous) == set()


class TestPosition:
    @pytest.mark.parametrize(
        ("position", "other", "includes"),
        [
            (Position(1, 700), ORIGIN, True),
            (Position(1, 700), Position(1, 700), True),
            (Position(1, 700), Position(1, 701), False),
            (Position(2, 700), Position(1, 700), True),
            (Position(2, 700), Position(1, 701), False),
            (Position(1, 900), Position(2, 700), False),
        ],
    )
    def test_includes_what_came_before(
        self, position: Position, other: Position, includes: bool
    ) -> None:
        assert position.includes(other) is includes

    @pytest.mark.parametrize(
        ("xmax", "own", "transaction"), [(700, None, 700), (700, 700, 701), (750, 700, 750)]
    )
    def test_is_after_the_transaction_and_all_that_it_saw(
        self, xmax: int, own: int | None, transaction: int
    ) -> None:
        position = position_after("0000000A00000000000000FF", xmax, own)

        assert position == Position(10, transaction)
