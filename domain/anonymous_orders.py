"""How guests find an order without a login: by its number and their e-mail address."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from domain.callers import Caller
from domain.errors import NotFound, TooManyAttempts
from domain.searches import is_searchable
from domain.users import email_key

if TYPE_CHECKING:
    from domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class LookUp:
    """What somebody says about an order, and the network address they say it from."""

    email: str = field(repr=False)
    number: str
    address: str


@dataclass(frozen=True, slots=True)
class OrderOwner:
    """Whose order has a number; ``email`` is the one that the order was placed with."""

    order_pk: int
    user_pk: int
    is_guest: bool
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """The order's document, and who may act on the order from now on: nobody else's is theirs."""

    caller: Caller
    document: bytes


class LookUps(Protocol):
    """The last 15 minutes: 5 misses for an e-mail or a number, 20 tries for an address."""

    def begin(self, email_key: str, number: str, address: str) -> int | None:
        """Count a try for the address, unless a limit is used up.

        Returns the seconds until all limits have room again; None when they have it now.
        """

    def record_miss(self, email_key: str, number: str) -> None:
        """Count one miss against both."""


# Compared with where there is no order, so that this takes as long as where there is one.
_NOBODYS = OrderOwner(order_pk=0, user_pk=0, is_guest=False, email="nobody@example.com")


def look_up_anonymous_order(
    wanted: LookUp, look_ups: LookUps, language: str, uow: UnitOfWork
) -> FoundOrder:
    """Return a guest's order.

    Only orders of guests are found (anonymous orders document, User Anonymous Order). Raises
    TooManyAttempts before it looks, and NotFound, alike in words and in time, for an unknown
    number, another e-mail address and a registered user's order.
    """
    key = email_key(wanted.email)
    wait = look_ups.begin(key, wanted.number, wanted.address)
    if wait is not None:
        raise TooManyAttempts(wait)
    owner = (uow.orders.owner(wanted.number) if is_searchable(wanted.number) else None) or _NOBODYS
    is_same = _is_same(key, email_key(owner.email))
    if not (is_same and owner.is_guest):
        look_ups.record_miss(key, wanted.number)
        raise NotFound
    document = uow.orders.document(owner.user_pk, owner.order_pk, language)
    if document is None:
        raise NotFound
    return FoundOrder(Caller(owner.user_pk, is_guest=True, order_pk=owner.order_pk), document)


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
