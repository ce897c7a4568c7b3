import os
import signal
import time

import pytest

from handlers.cli import graceful_shutdown as stopping
from handlers.cli.graceful_shutdown import GracefulShutdown


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_is_a_wish(self, number: signal.Signals) -> None:
        with GracefulShutdown() as shutdown:
            before = shutdown.is_requested
            signal.raise_signal(number)
            signal.raise_signal(number)
            after = shutdown.is_requested
            shutdown.wait(60)

        assert (before, after) == (False, True)

    def test_waiting_comes_to_its_end(self) -> None:
        with GracefulShutdown() as shutdown:
            begin = time.monotonic()
            shutdown.wait(0.05)

        assert 0.05 <= time.monotonic() - begin < 5

    def test_the_death_of_the_parent_is_one_too(self) -> None:
        with GracefulShutdown(os.getppid()) as mine, GracefulShutdown(os.getpid()) as anothers:
            assert not mine.is_requested
            assert anothers.is_requested

    def test_what_takes_too_long_is_broken_off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stopping, "GRACE_SECONDS", 1)
        read_end, write_end = os.pipe()
        with GracefulShutdown(), os.fdopen(read_end) as silent, os.fdopen(write_end, "w"):
            signal.raise_signal(signal.SIGTERM)

            with pytest.raises(SystemExit):
                silent.read()

    def test_signals_mean_afterwards_what_they_meant_before(self) -> None:
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
        before = [signal.getsignal(number) for number in numbers]
        with GracefulShutdown():
            signal.raise_signal(signal.SIGTERM)

        assert [signal.getsignal(number) for number in numbers] == before
        assert signal.alarm(0) == 0
