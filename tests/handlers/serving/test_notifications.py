"""Messages on a datagram socket, as systemd has one."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.serving.notifications import READY, Notifier
from tests.support.notify_sockets import Receiver


@pytest.fixture(params=["file", "abstract"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    """Sockets of both kinds."""
    is_file = request.param == "file"
    receiver = Receiver(str(tmp_path / "notify") if is_file else f"@waybill-test-{os.getpid()}")
    yield receiver
    receiver.close()


def notifier_of(receiver: Receiver, **environment: str) -> Notifier:
    return Notifier({"NOTIFY_SOCKET": receiver.name} | environment)


def test_a_message_has_a_line_for_each_field(receiver: Receiver) -> None:
    notifier_of(receiver).notify(READY, "STATUS=Serving.")

    assert receiver.messages() == ["READY=1\nSTATUS=Serving."]


def test_a_message_is_not_repeated(receiver: Receiver) -> None:
    notifier = notifier_of(receiver)

    for status in ("one", "one", "two", "one"):
        notifier.notify(f"STATUS={status}")

    assert receiver.messages() == ["STATUS=one", "STATUS=two", "STATUS=one"]


def test_a_reload_is_sent_with_its_time(receiver: Receiver) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

    notifier_of(receiver).notify_reloading()

    [message] = receiver.messages()
    reloading, since, _status = message.split("\n")
    assert reloading == "RELOADING=1"
    name, _, microseconds = since.partition("=")
    assert name == "MONOTONIC_USEC"
    assert before <= int(microseconds) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_a_watchdog_gets_two_signs_of_life_in_its_interval(receiver: Receiver) -> None:
    notifier = notifier_of(receiver, WATCHDOG_USEC="60000000", WATCHDOG_PID=str(os.getpid()))

    first = notifier.sign_of_life()
    second = notifier.sign_of_life()

    assert receiver.messages() == ["WATCHDOG=1"]
    assert first is not None
    assert second is not None
    assert 0 < second <= first <= 30


@pytest.mark.parametrize(
    "environment",
    [{}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "0"}],
    ids=["none", "another process's", "off"],
)
def test_without_a_watchdog_no_sign_of_life_is_due(
    receiver: Receiver, environment: dict[str, str]
) -> None:
    assert notifier_of(receiver, **environment).sign_of_life() is None
    assert receiver.messages() == []


def test_without_a_service_manager_nothing_is_sent() -> None:
    notifier = Notifier({"WATCHDOG_USEC": "1000"})

    notifier.notify(READY)
    notifier.notify_reloading()

    assert notifier.sign_of_life() is None


def test_a_service_manager_that_has_ended_is_no_error(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nothing")}).notify(READY)
