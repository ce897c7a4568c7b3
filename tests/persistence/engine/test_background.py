import logging
from functools import partial
from multiprocessing import get_context
from threading import Event

import pytest

from persistence.engine import background
from persistence.engine.background import MAX_WAITING, Background


@pytest.fixture
def running() -> Background:
    return Background()


def test_functions_run_one_after_the_other(running: Background) -> None:
    done: list[int] = []

    for number in range(5):
        running.run(partial(done.append, number))
    running.close()

    assert done == [0, 1, 2, 3, 4]


def test_functions_are_dropped_while_too_many_wait(running: Background) -> None:
    has_begun, may_end = Event(), Event()
    done: list[int] = []

    def hold() -> None:
        has_begun.set()
        may_end.wait()

    running.run(hold)
    has_begun.wait()
    for number in range(MAX_WAITING + 3):
        running.run(partial(done.append, number))
    may_end.set()
    running.close()

    assert done == list(range(MAX_WAITING))


def test_functions_run_after_one_that_failed(
    running: Background, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []

    def fail() -> None:
        raise ValueError("no disk")

    with caplog.at_level(logging.ERROR):
        running.run(fail)
        running.run(lambda: done.append("after it"))
        running.close()

    assert done == ["after it"]
    assert "no disk" in caplog.text


def test_a_new_thread_starts_after_the_last_one_has_ended(
    running: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "_IDLE_SECONDS", 0.01)
    done: list[str] = []
    running.run(lambda: done.append("first"))
    running.close()
    thread = running._thread  # noqa: SLF001
    if thread is not None:
        thread.join()

    running.run(lambda: done.append("second"))
    running.close()

    assert done == ["first", "second"]


def test_close_returns_at_once_if_nothing_ran(running: Background) -> None:
    running.close()


def _run_and_close(running: Background) -> None:
    has_run = Event()
    running.run(has_run.set)
    running.close()
    assert has_run.is_set()


def test_a_forked_process_starts_empty(running: Background) -> None:
    has_begun, may_end = Event(), Event()

    def hold() -> None:
        has_begun.set()
        may_end.wait()

    running.run(hold)
    has_begun.wait()
    forked = get_context("fork").Process(target=_run_and_close, args=(running,))
    forked.start()
    forked.join(10)
    may_end.set()
    running.close()

    assert forked.exitcode == 0
