"""How guests find an order without a login: by its number and their e-mail address."""

import hmac
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from domain.accounts.callers import Caller
from domain.accounts.users import email_key
from domain.orders.orders import OrderOwner, OrderWork
from domain.shared.errors import NotFound
from domain.shared.search_text import is_searchable


@dataclass(frozen=True, slots=True)
class LookUp:
    """What a caller says about an order, and the network address they say it from.

    ``device``: the id of a device from which this order was looked up before.
    """

    email: str = field(repr=False)
    number: str
    address: str
    device: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """The order's document, and who may act on the order from now on: nobody else's is theirs."""

    caller: Caller
    document: bytes


class LookUps(Protocol):
    """Limits on look-ups that found nothing in the last 15 minutes.

    5 for an e-mail address and 5 for a number from one network, 50 for each from all, 20 for a
    network; 5 for a device that found the order before, to which the others do not apply. The same
    miss again, with the same e-mail address and number by the same caller, counts once a minute.
    Those that found their order do not count: they knew its number and its e-mail address.
    """

    def attempt(self, wanted: LookUp) -> AbstractContextManager[None]:
        """Count an attempt before the block, and give it back unless the block raises NotFound.

        Raises TooManyAttempts instead of entering the block.
        """


# Compared with where there is no order, so that this takes as long as where there is one.
_NOBODYS = OrderOwner(order_pk=0, user_pk=0, is_guest=False, email="nobody@example.com")


def look_up_anonymous_order(
    wanted: LookUp, look_ups: LookUps, language: str, uow: OrderWork
) -> FoundOrder:
    """Return a guest's order.

    Only orders of guests are found (anonymous orders document, User Anonymous Order). Raises
    TooManyAttempts before it looks, and NotFound, alike in words and in time, for an unknown
    number, another e-mail address and a registered user's order.
    """
    key, number = email_key(wanted.email), wanted.number
    with look_ups.attempt(wanted):
        owner = (uow.orders.owner(number) if is_searchable(number) else None) or _NOBODYS
        is_same = _is_same(key, email_key(owner.email))
        if not (is_same and owner.is_guest):
            raise NotFound
    document = uow.orders.document(owner.user_pk, owner.order_pk, language)
    if document is None:
        raise NotFound
    return FoundOrder(Caller(owner.user_pk, is_guest=True, order_pk=owner.order_pk), document)


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
