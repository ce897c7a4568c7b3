"""Figures of the shop and of its database, for monitoring."""

from dataclasses import dataclass
from datetime import timedelta

AGES = (timedelta(days=1), timedelta(days=2), timedelta(days=7))
"""The bounds between the groups of ages of open cancellation requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFigures:
    """What the tables show at one moment; ages are in seconds, and 0 where there is nothing.

    ``open_requests``: the open cancellation requests of each group of ages, the youngest first.
    ``mail_worker_seen``: when a mail worker last reported, in seconds since 1970; 0: never.
    """

    outbox_pending: int
    outbox_oldest: float
    outbox_dead: int
    open_requests: tuple[int, ...]
    oldest_open_request: float
    mail_worker_seen: float


@dataclass(frozen=True, slots=True)
class StandbyFigures:
    """Whether a standby is read, and the seconds by which it is behind, if that is known."""

    name: str
    is_read: bool
    seconds_behind: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFigures:
    """What a database reports of itself.

    ``revision``: that of its tables; None without tables. ``shop``: None where this release does
    not work with them.
    """

    revision: str | None
    needed_revision: str
    shop: ShopFigures | None
    standbys: tuple[StandbyFigures, ...] = ()


@dataclass(frozen=True, slots=True)
class PoolUse:
    """How many of the ``size`` connections of a pool are in use."""

    in_use: int
    size: int
