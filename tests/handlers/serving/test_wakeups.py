import os
import signal
from threading import Timer

from handlers.serving.wakeups import Wakeup


def test_a_wakeup_before_the_sleep_ends_it_at_once() -> None:
    wakeup = Wakeup()
    wakeup.set()

    assert wakeup.wait()
    assert wakeup.wait()  # until it is cleared
    wakeup.clear()
    assert not wakeup.wait(0)


def test_all_wakeups_are_cleared() -> None:
    wakeup = Wakeup()
    for _ in range(100_000):  # more than the pipe holds
        wakeup.set()

    wakeup.clear()

    assert not wakeup.wait(0)


def test_another_thread_ends_the_sleep() -> None:
    wakeup = Wakeup()
    timer = Timer(0.1, wakeup.set)
    timer.start()

    assert wakeup.wait(30)
    timer.join()


def test_a_signal_handler_ends_the_sleep() -> None:
    wakeup = Wakeup()
    previous = signal.signal(signal.SIGUSR2, lambda *_: wakeup.set())
    try:
        timer = Timer(0.1, os.kill, [os.getpid(), signal.SIGUSR2])
        timer.start()

        assert wakeup.wait(30)
        timer.join()
    finally:
        signal.signal(signal.SIGUSR2, previous)


def test_a_forked_process_ends_the_sleep() -> None:
    wakeup = Wakeup()
    pid = os.fork()
    if not pid:
        wakeup.set()
        os._exit(0)

    assert wakeup.wait(30)
    os.waitpid(pid, 0)


def test_a_signal_with_any_handler_ends_the_sleep() -> None:
    wakeup = Wakeup()
    previous = signal.signal(signal.SIGUSR2, lambda *_: None)
    before = signal.set_wakeup_fd(-1)
    try:
        wakeup.set_by_signals()
        os.kill(os.getpid(), signal.SIGUSR2)

        assert wakeup.wait(0)
    finally:
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGUSR2, previous)
