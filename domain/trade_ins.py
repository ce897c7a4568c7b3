"""Trade-in offers and their answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.accounts.callers import Caller
from domain.audit import AuditWork
from domain.orders.order_emails import enqueue_offer_email
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order, OrderWork
from domain.orders.state_changes import audited
from domain.orders.states import OrderState
from domain.orders.trade_in_offers import TradeInOffer, TradeInState
from domain.outbox import OutboxKind, OutboxWork
from domain.shared.errors import Conflict, NotFound, RuleBroken
from domain.shared.identifiers import require_storable_pk


@dataclass(frozen=True, slots=True)
class OfferLink:
    """The holder of the link in the e-mail of one offer."""

    offer_uuid: UUID

    @property
    def actor(self) -> str:
        """The name in the audit trail."""
        return f"link:{self.offer_uuid}"


OfferPrincipal = Caller | OfferLink


@dataclass(frozen=True, slots=True)
class OfferDetails:
    """An offer as the shopper sees it; ``quantity`` is the item's available quantity."""

    order_item: int
    order_number: str
    product: str
    quantity: int
    state: TradeInState
    expires_date: datetime


class TradeInWork(OrderWork, AuditWork, OutboxWork, Protocol):
    """A unit of work on trade-in offers."""


def offer_trade_in(item_pk: int, lifetime: timedelta, actor: str, uow: TradeInWork) -> TradeInOffer:
    """Offer a trade-in for a delivered order item, and enqueue an e-mail to its owner.

    Raises NotFound, RuleBroken for an item that is not delivered or has no units left, and
    Conflict while another offer for it is open.
    """
    order, item = _lock(item_pk, None, uow)
    if item.state is not OrderState.DELIVERED or not item.available_quantity:
        raise RuleBroken("Only a delivered item can be traded in.", code="not_tradable")
    if item.is_tradable(uow.now):
        raise Conflict("Another offer for this item is open.", code="trade_in_open")
    offer = TradeInOffer(
        expires_date=uow.now + lifetime, created_date=uow.now, modified_date=uow.now
    )
    with audited([order], actor, uow):
        item.offer_trade_in(offer)
    enqueue_offer_email(OutboxKind.TRADE_IN_OFFERED, order, item, offer, uow)
    uow.commit()
    return offer


def approve_trade_in(item_pk: int, principal: OfferPrincipal, uow: TradeInWork) -> TradeInOffer:
    """Accept the newest offer for an item; a second time changes nothing.

    Raises NotFound for an absent item, another user's, one without an offer, and the link of an
    older offer; Conflict if it was rejected before, and Gone if it has expired.
    """
    return _answer(item_pk, principal, TradeInState.APPROVED, uow)


def reject_trade_in(item_pk: int, principal: OfferPrincipal, uow: TradeInWork) -> TradeInOffer:
    """Reject the newest offer for an item; raises what ``approve_trade_in`` does."""
    return _answer(item_pk, principal, TradeInState.REJECTED, uow)


def show_trade_in_offer(item_pk: int, principal: OfferPrincipal, uow: TradeInWork) -> OfferDetails:
    """Return the newest offer for an item. Raises NotFound as ``approve_trade_in`` does."""
    require_storable_pk(item_pk)
    order = uow.orders.by_item(item_pk, _owner(principal))
    if order is None:
        raise NotFound
    item, offer = _find(order, item_pk, principal)
    return OfferDetails(
        order_item=item.pk,
        order_number=order.number,
        product=item.product.name,
        quantity=item.available_quantity,
        state=offer.state_at(uow.now),
        expires_date=offer.expires_date,
    )


def _answer(
    item_pk: int, principal: OfferPrincipal, state: TradeInState, uow: TradeInWork
) -> TradeInOffer:
    order, _ = _lock(item_pk, _owner(principal), uow)
    item, offer = _find(order, item_pk, principal)
    with audited([order], principal.actor, uow):
        is_first = offer.answer(state, uow.now)
    if is_first:
        enqueue_offer_email(_KINDS[state], order, item, offer, uow)
        uow.commit()
    return offer


def _owner(principal: OfferPrincipal) -> Caller | None:
    """The required owner of the order; a link needs none, because it names its offer."""
    return principal if isinstance(principal, Caller) else None


def _find(order: Order, item_pk: int, principal: OfferPrincipal) -> tuple[OrderItem, TradeInOffer]:
    item = order.find_item(item_pk)
    offer = item.newest_offer if item is not None else None
    if item is None or offer is None:
        raise NotFound
    if isinstance(principal, OfferLink) and principal.offer_uuid != offer.uuid:
        raise NotFound
    return item, offer


def _lock(item_pk: int, caller: Caller | None, uow: TradeInWork) -> tuple[Order, OrderItem]:
    require_storable_pk(item_pk)
    for order in uow.orders.lock_by_items([item_pk], caller):
        item = order.find_item(item_pk)
        if item is not None:
            return order, item
    raise NotFound


_KINDS = {
    TradeInState.APPROVED: OutboxKind.TRADE_IN_APPROVED,
    TradeInState.REJECTED: OutboxKind.TRADE_IN_REJECTED,
}
