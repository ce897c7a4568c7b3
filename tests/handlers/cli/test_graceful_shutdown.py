import os
import signal
import time

import pytest

from handlers.cli import graceful_shutdown as stopping
from handlers.cli.graceful_shutdown import GracefulShutdown


class TestGracefulShutdown:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_is_requested_by_a_signal(self, number: signal.Signals) -> None:
        with GracefulShutdown() as shutdown:
            before = shutdown.is_requested
            signal.raise_signal(number)
            signal.raise_signal(number)
            after = shutdown.is_requested
            shutdown.wait(60)

        assert (before, after) == (False, True)

    def test_ends_a_wait(self) -> None:
        with GracefulShutdown() as shutdown:
            begin = time.monotonic()
            shutdown.wait(0.05)

        assert 0.05 <= time.monotonic() - begin < 5

    def test_is_requested_when_the_parent_dies(self) -> None:
        with GracefulShutdown(os.getppid()) as mine, GracefulShutdown(os.getpid()) as anothers:
            assert not mine.is_requested
            assert anothers.is_requested

    def test_interrupts_what_takes_too_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stopping, "GRACE_SECONDS", 1)
        read_end, write_end = os.pipe()
        with GracefulShutdown(), os.fdopen(read_end) as silent, os.fdopen(write_end, "w"):
            signal.raise_signal(signal.SIGTERM)

            with pytest.raises(SystemExit):
                silent.read()

    def test_restores_the_signal_handlers(self) -> None:
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
        before = [signal.getsignal(number) for number in numbers]
        with GracefulShutdown():
            signal.raise_signal(signal.SIGTERM)

        assert [signal.getsignal(number) for number in numbers] == before
        assert signal.alarm(0) == 0
