"""Guest look-up: an order is found by its number and e-mail address, without a login."""

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
class GuestLookup:
    """A look-up of an order, and the caller's network address.

    ``device`` is the id of a device from which this order was looked up before.
    """

    email: str = field(repr=False)
    number: str
    address: str
    device: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class GuestOrder:
    """The order's document, and the guest who may act on this order only."""

    caller: Caller
    document: bytes


class GuestLookupLimits(Protocol):
    """Limits on failed look-ups in the last 15 minutes.

    5 for an e-mail address and 5 for a number from one network, 50 for either from all networks,
    20 for a network. A device that found the order before has a limit of 5 instead. The same
    failed look-up by the same caller counts once a minute. Successful look-ups do not count.
    """

    def attempt(self, lookup: GuestLookup) -> AbstractContextManager[None]:
        """Count an attempt before the block, and uncount it unless the block raises NotFound.

        Raises TooManyAttempts instead of entering the block.
        """


# Compared if there is no such order, so that the response takes equally long.
_NO_OWNER = OrderOwner(order_pk=0, user_pk=0, is_guest=False, email="unknown@example.com")


def look_up_anonymous_order(
    lookup: GuestLookup, limits: GuestLookupLimits, language: str, uow: OrderWork
) -> GuestOrder:
    """Return a guest's order.

    Only orders of guests are found (anonymous orders document, User Anonymous Order). Raises
    TooManyAttempts before the look-up, and NotFound, with equal text and timing, for an unknown
    number, another e-mail address and a registered user's order.
    """
    key, number = email_key(lookup.email), lookup.number
    with limits.attempt(lookup):
        owner = (uow.orders.owner(number) if is_searchable(number) else None) or _NO_OWNER
        is_same = _is_same(key, email_key(owner.email))
        if not (is_same and owner.is_guest):
            raise NotFound
    document = uow.orders.document(owner.user_pk, owner.order_pk, language)
    if document is None:
        raise NotFound
    return GuestOrder(Caller(owner.user_pk, is_guest=True, order_pk=owner.order_pk), document)


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
