from contextlib import suppress
from functools import partial
from threading import Event

from faults.threads import running


def test_functions_run_during_the_block() -> None:
    ended = Event()
    begun = [Event(), Event()]

    def work(event: Event) -> None:
        event.set()
        ended.wait()

    with running([partial(work, event) for event in begun], ended.set):
        for event in begun:
            event.wait()
        assert not ended.is_set()

    assert ended.is_set()


def test_threads_end_after_an_error_in_the_block() -> None:
    ended, done = Event(), Event()

    def work() -> None:
        ended.wait()
        done.set()

    with suppress(ZeroDivisionError), running([work], ended.set):
        raise ZeroDivisionError

    assert done.is_set()
