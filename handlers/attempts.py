"""How often somebody may miss, counted by the `limits` library in memory or in Redis."""

import hmac
import math
import time
from collections.abc import Iterator
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
_PER_EMAIL = RateLimitItemPerMinute(10, 15)
_PER_ADDRESS = RateLimitItemPerMinute(50, 15)


class LoginAttempts:
    """domain.sessions.Attempts, as the settings say: in memory, in Redis, or not at all.

    In memory each worker counts for itself. What stands in the storage is hashed with the secret,
    so that nobody reads an e-mail address from it. Two tries at the same instant are both let
    through to the password; each still counts.
    """

    def __init__(self, settings: Settings) -> None:
        storage = storage_from_string(settings.limits_storage, wrap_exceptions=True)
        self._limiter = MovingWindowRateLimiter(storage)
        self._secret = settings.secret.encode()
        self._is_limited = settings.limits

    def retry_after(self, email_key: str, address: str) -> int | None:
        with _available():
            waits = [
                self._limiter.get_window_stats(limit, key).reset_time - time.time()
                for limit, key in self._counted(email_key, address)
                if not self._limiter.test(limit, key)
            ]
        return math.ceil(max(waits)) if waits else None

    def record_miss(self, email_key: str, address: str) -> None:
        with _available():
            for limit, key in self._counted(email_key, address):
                self._limiter.hit(limit, key)

    def _counted(self, email_key: str, address: str) -> list[tuple[RateLimitItem, str]]:
        if not self._is_limited:
            return []
        return [
            (_PER_EMAIL, self._hashed("email", email_key)),
            (_PER_ADDRESS, self._hashed("address", _network(address))),
        ]

    def _hashed(self, kind: str, value: str) -> str:
        return hmac.digest(self._secret, f"{kind}:{value}".encode(), "sha256").hex()


@contextmanager
def _available() -> Iterator[None]:
    """Nobody logs in uncounted: without the storage the answer is Unavailable."""
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
