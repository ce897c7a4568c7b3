"""Functions that run repeatedly in threads."""

from threading import Event, current_thread

import pytest

from persistence.engine.repeating import Repeating

SECONDS = 60.0  # longer than any test waits


def test_runs_all_functions_again_after_the_pause() -> None:
    runs: list[str] = []
    is_done = {"one": Event(), "two": Event()}

    def run() -> None:
        name = current_thread().name
        runs.append(name)
        if runs.count(name) == 3:
            is_done[name].set()

    repeating = Repeating({"one": run, "two": run}, lambda: 0)
    repeating.start()

    assert all(done.wait(SECONDS) for done in is_done.values())
    repeating.stop()


def test_run_now_ends_the_pause() -> None:
    ran = Event()
    repeating = Repeating({"one": ran.set}, lambda: SECONDS)
    repeating.start()
    assert ran.wait(SECONDS)
    ran.clear()

    repeating.run_now()

    assert ran.wait(SECONDS / 2)
    repeating.stop()


def test_goes_on_after_an_error(caplog: pytest.LogCaptureFixture) -> None:
    runs = []
    ended = Event()

    def fail() -> None:
        runs.append(1)
        if len(runs) == 2:
            ended.set()
        raise ValueError

    repeating = Repeating({"one": fail}, lambda: 0)
    repeating.start()

    assert ended.wait(SECONDS)
    repeating.stop()
    assert "a check of PostgreSQL's servers has failed" in caplog.messages


def test_stop_ends_the_pause() -> None:
    ran = Event()
    repeating = Repeating({"one": ran.set}, lambda: SECONDS)
    repeating.start()
    assert ran.wait(SECONDS)
    ran.clear()

    repeating.stop()

    assert not ran.is_set()
