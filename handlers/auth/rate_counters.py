"""Counters of failed attempts, in memory or in Redis, by the `limits` library."""

import hmac
import math
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import cast

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from domain.shared.errors import Refusal, TooManyAttempts, Unavailable
from handlers.settings import Settings

_log = structlog.get_logger(__name__)

Limit = tuple[RateLimitItem, str]
"""A limit and its subject: kind and value, such as `email:a@example.com`."""

OnAttempt = Callable[[str], None]
"""Gets the purpose of the counters of an attempt."""

_Key = tuple[RateLimitItem, str]
_REPEATS = RateLimitItemPerMinute(1)


def ignore(_purpose: str) -> None:
    """Do nothing."""


class Counters:
    """Counts in a moving window: in memory, in Redis, or not at all, by the settings.

    In memory every worker has its own counters. Keys in the storage are hashed with the secret, so
    that they show no e-mail address. ``purpose`` separates counters that share a storage. It is
    passed to ``on_miss`` for a miss, and to ``on_limited`` for an attempt that a limit refuses.
    """

    def __init__(
        self,
        purpose: str,
        settings: Settings,
        on_miss: OnAttempt = ignore,
        on_limited: OnAttempt = ignore,
    ) -> None:
        storage = storage_from_string(settings.limits_storage, wrap_exceptions=True)
        self._storage = cast(Storage, storage)
        self._limiter = MovingWindowRateLimiter(storage)
        self._purpose = purpose
        self._on_miss = on_miss
        self._on_limited = on_limited
        self._secret = settings.secret.encode()
        self._is_limited = settings.limits
        self._clock = _WallClock()
        is_memory = isinstance(storage, MemoryStorage)
        # Redis runs one command at a time; the library's counters in memory need a lock.
        self._lock: AbstractContextManager[object] = Lock() if is_memory else nullcontext()
        self._forgets_on_step = is_memory

    @contextmanager
    def attempt(
        self, limits: Collection[Limit], missed: type[Refusal], question: str | None = None
    ) -> Iterator[None]:
        """One attempt, counted against all ``limits`` before the block.

        If the block raises ``missed``, the attempt stays counted for the limit's window; else it is
        uncounted. So concurrent attempts never exceed a limit. Misses with the same ``question``
        count once a minute; it has to include all that the result depends on and the caller, so
        that a repeated miss reveals nothing new. Raises TooManyAttempts instead of entering the
        block where a limit is used up, and Unavailable without the storage.
        """
        keys = [(item, self._key(subject)) for item, subject in limits if self._is_limited]
        with _available(), self._lock:
            self._begin(keys)
        is_miss = False
        try:
            yield
        except missed:
            is_miss = True
            self._on_miss(self._purpose)
            raise
        finally:
            with _available(), self._lock:
                counts = is_miss and not self._is_repeated(question)
                self._end(keys, is_miss=counts)

    def take(self, limits: Collection[Limit]) -> int | None:
        """Count one against the limits in their order; None if all have room.

        Else the seconds until the first limit without room has some; later ones are not counted.
        Concurrent calls never exceed a limit. Raises Unavailable without the storage.
        """
        with _available(), self._lock:
            self._forget_after_step()
            for item, subject in limits if self._is_limited else ():
                key = self._key(subject)
                if not self._limiter.hit(item, key):
                    self._on_limited(self._purpose)
                    window = self._limiter.get_window_stats(item, key)
                    return _seconds(item, 0, window.reset_time)
        return None

    def _begin(self, keys: Collection[_Key]) -> None:
        """Count an open attempt for every key, then compare open attempts with the room left.

        A failed attempt counts as a miss before it is closed: in between it counts twice, rather
        than not at all.
        """
        self._forget_after_step()
        waits = []
        for item, key in keys:
            open_attempts = self._storage.incr(_open(key), item.get_expiry())
            window = self._limiter.get_window_stats(item, key)
            if open_attempts > window.remaining:
                waits.append(_seconds(item, window.remaining, window.reset_time))
        if waits:
            self._end(keys, is_miss=False)
            self._on_limited(self._purpose)
            raise TooManyAttempts(max(waits))

    def _is_repeated(self, question: str | None) -> bool:
        """Whether a miss with this question was counted in the last minute; else it is counted.

        The storage does both in one step, so only the first of concurrent misses counts.
        """
        if question is None or not self._is_limited:
            return False
        return not self._limiter.hit(_REPEATS, self._key(f"question:{question}"))

    def _forget_after_step(self) -> None:
        if self._clock.was_set_back() and self._forgets_on_step:
            self._storage.reset()

    def _end(self, keys: Collection[_Key], *, is_miss: bool) -> None:
        for item, key in keys:
            if is_miss:
                self._limiter.hit(item, key)
            # The counter expires after a window, which clears attempts of a killed process.
            if self._storage.incr(_open(key), item.get_expiry(), -1) < 0:
                self._storage.clear(_open(key))

    def _key(self, subject: str) -> str:
        text = f"{self._purpose}:{subject}"
        return hmac.digest(self._secret, text.encode(), "sha256").hex()


class _WallClock:
    """Detects whether the clock that the library reads was set back.

    After such a step, earlier hits lie in the future, and would count for the length of the step.
    """

    def __init__(self) -> None:
        self._ahead = self._now()

    def was_set_back(self) -> bool:
        before, self._ahead = self._ahead, self._now()
        return self._ahead < before - _STEP_SECONDS

    @staticmethod
    def _now() -> float:
        """Its lead over the monotonic clock, which slewing changes only slowly."""
        return time.time() - time.monotonic()


_STEP_SECONDS = 1


def _open(key: str) -> str:
    return f"open:{key}"


def _seconds(item: RateLimitItem, remaining: int, reset_time: float) -> int:
    """Until the first miss leaves the window; 1 if only open attempts use up the limit.

    At most the window: after the clock was set back, the first miss may lie in the future.
    """
    if remaining > 0:
        return 1
    return min(math.ceil(reset_time - time.time()), item.get_expiry())


class LimitsUnavailable(Unavailable):
    """The storage of the limits does not answer."""

    cause = "limits_storage"


@contextmanager
def _available() -> Iterator[None]:
    """Raises LimitsUnavailable for a failure of the storage."""
    try:
        yield
    except StorageError as error:
        # No traceback: each login has this failure while the storage is away.
        _log.error("limits_storage_unavailable", cause=str(error.storage_error))
        raise LimitsUnavailable from error
