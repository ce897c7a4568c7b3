"""Messages to the service manager that started this process, as systemd's sd_notify sends them."""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

READY = "READY=1"
STOPPING = "STOPPING=1"

_TIMEOUT_SECONDS = 1.0


class Notifier:
    """Sends messages to the service manager that ``environment`` names, if there is one."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._watchdog = _watchdog_seconds(environment) if self._address else None
        self._next_sign = 0.0
        self._last: tuple[str, ...] = ()

    def notify(self, *lines: str) -> None:
        """Send ``lines``, such as `READY=1` or `STATUS=…`, unless they were sent last.

        It is no error if the service manager can't be reached.
        """
        if self._address and lines != self._last:
            self._last = lines
            self._send(lines)

    def notify_reloading(self) -> None:
        """Say that a reload began now; the next READY ends it."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.notify("RELOADING=1", f"MONOTONIC_USEC={microseconds}", "STATUS=Reloading.")

    def sign_of_life(self) -> float | None:
        """Send a sign of life to the watchdog if one is due.

        Returns the number of seconds until the next one, or None without a watchdog.
        """
        if self._watchdog is None:
            return None
        now = time.monotonic()
        if now >= self._next_sign:
            self._next_sign = now + self._watchdog / 2
            self._send(["WATCHDOG=1"])
        return self._next_sign - now

    def _send(self, lines: tuple[str, ...] | list[str]) -> None:
        # A name that begins with @ is abstract: its first byte is NUL.
        name = self._address
        address = f"\0{name[1:]}" if name.startswith("@") else name
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.settimeout(_TIMEOUT_SECONDS)
            connection.connect(address)
            connection.send("\n".join(lines).encode())


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    """How often the watchdog expects a sign of life; None unless it watches this process."""
    is_other = environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid())
    microseconds = environment.get("WATCHDOG_USEC", "")
    if is_other or not microseconds.isdigit() or not int(microseconds):
        return None
    return int(microseconds) / 1e6
