"""Requests that may arrive twice and must happen once: keys, and the answers given to them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from domain.shared.work import Work

KEY_LIFETIME = timedelta(hours=24)
"""How long a key and its response are stored."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered, to be answered again byte by byte."""

    status: int
    content_type: str
    body: bytes = field(repr=False)


class IdempotencyKeys(Protocol):
    """The keys of the last 24 hours. ``scope`` says whose key it is: no two callers share keys."""

    def claim(self, scope: str, key: str, fingerprint: bytes, now: datetime) -> StoredAnswer | None:
        """Make the key this transaction's, or return what was answered to it before.

        ``fingerprint`` (32 bytes) stands for all that makes the request what it is. None: the key
        is new, and the work may begin; it is forgotten again unless the unit of work commits.
        Raises KeyReused when the key came with another fingerprint, and Conflict, with a time to
        wait, when the same request is still at work after two seconds.
        """

    def keep(self, scope: str, key: str, answer: StoredAnswer) -> None:
        """Store the answer to the claimed key, in the same transaction as the work."""


class IdempotencyWork(Work, Protocol):
    """A unit of work on changes that a key makes happen once."""

    @property
    def idempotency_keys(self) -> IdempotencyKeys: ...
