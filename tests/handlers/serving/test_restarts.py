import pytest

from handlers.serving.restarts import WINDOW_SECONDS, Restarts


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_first_death_needs_no_pause(clock: Clock) -> None:
    assert Restarts(1.0, clock).pause() == 0.0


def test_each_further_death_doubles_the_pause(clock: Clock) -> None:
    restarts = Restarts(1.0, clock)

    assert [restarts.pause() for _ in range(7)] == [0.0, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_the_pause_has_a_maximum(clock: Clock) -> None:
    restarts = Restarts(30.0, clock)

    assert [restarts.pause() for _ in range(5000)][-1] == 30.0


def test_deaths_count_for_a_minute(clock: Clock) -> None:
    restarts = Restarts(1.0, clock)
    restarts.pause()
    clock.now = 1.0
    restarts.pause()

    clock.now = WINDOW_SECONDS
    assert restarts.deaths == 1

    clock.now = WINDOW_SECONDS + 1
    assert restarts.deaths == 0
    assert restarts.pause() == 0.0
