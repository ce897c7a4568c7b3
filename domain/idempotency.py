"""Idempotency keys: a request that arrives twice is carried out once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from domain.shared.work import Work

KEY_LIFETIME = timedelta(hours=24)
"""How long a key and its response are stored."""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The response to the first request, replayed byte by byte."""

    status: int
    content_type: str
    body: bytes = field(repr=False)


class IdempotencyKeys(Protocol):
    """The keys of the last 24 hours. ``scope`` names the caller: callers never share keys."""

    def claim(
        self, scope: str, key: str, fingerprint: bytes, now: datetime
    ) -> StoredResponse | None:
        """Claim a new key for this transaction and return None, or return its stored response.

        ``fingerprint`` is a hash of the request (32 bytes). A claim is undone unless the unit of
        work commits. Raises KeyReused for a key that was used with another fingerprint, and
        Conflict, with ``retry_after``, when the first request is not done after two seconds.
        """

    def store(self, scope: str, key: str, response: StoredResponse) -> None:
        """Store the response to a claimed key, in the transaction of the work."""


class IdempotencyWork(Work, Protocol):
    """A unit of work on changes that an idempotency key protects."""

    @property
    def idempotency_keys(self) -> IdempotencyKeys: ...
