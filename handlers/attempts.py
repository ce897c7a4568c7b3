"""How often somebody may try or miss, counted by the `limits` library in memory or in Redis."""

import hmac
import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from domain.errors import Unavailable
from handlers.settings import Settings

_log = structlog.get_logger(__name__)
_LOGINS_PER_EMAIL = RateLimitItemPerMinute(10, 15)
_LOGINS_PER_ADDRESS = RateLimitItemPerMinute(50, 15)
_LOOK_UPS_PER_ADDRESS = RateLimitItemPerMinute(20, 15)
_MISSES_PER_ORDER = RateLimitItemPerMinute(5, 15)
_RESETS_PER_EMAIL = RateLimitItemPerMinute(5, 15)
_RESETS_PER_ADDRESS = RateLimitItemPerMinute(50, 15)

Counted = tuple[RateLimitItem, str, str]
"""A limit, and the kind and the value of what it is for."""


class Counters:
    """Counts in a moving window, as the settings say: in memory, in Redis, or not at all.

    In memory each worker counts for itself. What stands in the storage is hashed with the secret,
    so that nobody reads an e-mail address from it. ``purpose`` keeps counters apart.
    """

    def __init__(self, purpose: str, settings: Settings) -> None:
        storage = storage_from_string(settings.limits_storage, wrap_exceptions=True)
        self._limiter = MovingWindowRateLimiter(storage)
        self._purpose = purpose
        self._secret = settings.secret.encode()
        self._is_limited = settings.limits

    def wait(self, counted: Iterable[Counted]) -> int | None:
        """The seconds until all of these have room again; None when they have it now."""
        with _available():
            waits = [
                self._limiter.get_window_stats(limit, key).reset_time - time.time()
                for limit, key in self._keys(counted)
                if not self._limiter.test(limit, key)
            ]
        return math.ceil(max(waits)) if waits else None

    def take(self, counted: Iterable[Counted]) -> int | None:
        """Count one for each as long as they have room, and return None; or return the seconds
        until the first that has none has some. Of any number at once no more than fit get None."""
        with _available():
            for limit, key in self._keys(counted):
                if not self._limiter.hit(limit, key):
                    until = self._limiter.get_window_stats(limit, key).reset_time
                    return math.ceil(until - time.time())
        return None

    def count(self, counted: Iterable[Counted]) -> None:
        """Count one for each."""
        with _available():
            for limit, key in self._keys(counted):
                self._limiter.hit(limit, key)

    def _keys(self, counted: Iterable[Counted]) -> Iterator[tuple[RateLimitItem, str]]:
        for limit, kind, value in counted if self._is_limited else ():
            text = f"{self._purpose}:{kind}:{value}"
            yield limit, hmac.digest(self._secret, text.encode(), "sha256").hex()


class LoginAttempts:
    """domain.sessions.Attempts.

    Two tries at the same instant are both let through to the password; each still counts.
    """

    def __init__(self, settings: Settings) -> None:
        self._counters = Counters("login", settings)

    def retry_after(self, email_key: str, address: str) -> int | None:
        return self._counters.wait(self._counted(email_key, address))

    def record_miss(self, email_key: str, address: str) -> None:
        self._counters.count(self._counted(email_key, address))

    @staticmethod
    def _counted(email_key: str, address: str) -> list[Counted]:
        return [
            (_LOGINS_PER_EMAIL, "email", email_key),
            (_LOGINS_PER_ADDRESS, "address", _network(address)),
        ]


class OrderLookUps:
    """domain.anonymous_orders.LookUps."""

    def __init__(self, settings: Settings) -> None:
        self._counters = Counters("look-up", settings)

    def begin(self, email_key: str, number: str, address: str) -> int | None:
        tries = [(_LOOK_UPS_PER_ADDRESS, "address", _network(address))]
        wait = self._counters.wait([*self._missed(email_key, number), *tries])
        if wait is None:
            self._counters.count(tries)
        return wait

    def record_miss(self, email_key: str, number: str) -> None:
        self._counters.count(self._missed(email_key, number))

    @staticmethod
    def _missed(email_key: str, number: str) -> list[Counted]:
        return [
            (_MISSES_PER_ORDER, "email", email_key),
            (_MISSES_PER_ORDER, "number", number),
        ]


class PasswordResetRequests:
    """domain.password_resets.ResetRequests."""

    def __init__(self, settings: Settings) -> None:
        self._counters = Counters("password-reset", settings)

    def begin(self, email_key: str, address: str) -> int | None:
        # The address first: a caller without room there takes none from the e-mail address.
        return self._counters.take(
            [
                (_RESETS_PER_ADDRESS, "address", _network(address)),
                (_RESETS_PER_EMAIL, "email", email_key),
            ]
        )


@contextmanager
def _available() -> Iterator[None]:
    """Nobody tries uncounted: without the storage the answer is Unavailable."""
    try:
        yield
    except StorageError as error:
        _log.exception("limits_storage_unavailable")
        raise Unavailable from error


def _network(address: str) -> str:
    """What one client surely shares: of IPv6 the first 64 bits, since the rest is its to choose."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or int(parsed) >> 64)
    return str(parsed)
