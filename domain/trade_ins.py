"""Offering trade-ins, and taking the answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain.announcements import announce_offer
from domain.audit import audited
from domain.callers import Caller
from domain.errors import Conflict, NotFound, RuleBroken
from domain.identifiers import require_storable_pk
from domain.order_items import OrderItem
from domain.orders import Order
from domain.outbox import OutboxKind
from domain.states import OrderState
from domain.trade_in_offers import TradeInOffer, TradeInState

if TYPE_CHECKING:
    from domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class OfferLink:
    """Whoever holds the link that was mailed with one offer."""

    offer_uuid: UUID

    @property
    def actor(self) -> str:
        """How the audit trail names them."""
        return f"link:{self.offer_uuid}"


Answerer = Caller | OfferLink


def offer_trade_in(item_pk: int, lifetime: timedelta, actor: str, uow: UnitOfWork) -> TradeInOffer:
    """Offer a trade-in for a delivered order item, and have its owner mailed.

    Raises NotFound, RuleBroken for an item that was not delivered or is not there any more, and
    Conflict while another offer for it is open.
    """
    order, item = _lock(item_pk, None, uow)
    if item.state is not OrderState.DELIVERED or not item.free_quantity:
        raise RuleBroken("Only a delivered item can be traded in.", code="not_tradable")
    if item.is_tradable(uow.now):
        raise Conflict("Another offer for this item is open.", code="trade_in_open")
    offer = TradeInOffer(
        expires_date=uow.now + lifetime, created_date=uow.now, modified_date=uow.now
    )
    with audited([order], actor, uow):
        item.offer_trade_in(offer)
    announce_offer(OutboxKind.TRADE_IN_OFFERED, order, item, offer, uow)
    uow.commit()
    return offer


def approve_trade_in(item_pk: int, answerer: Answerer, uow: UnitOfWork) -> TradeInOffer:
    """Accept the newest offer for an item; a second time changes nothing.

    Raises NotFound for an absent item, a foreign one, one without an offer, and the link of
    another offer than its newest; Conflict when it was rejected before, Gone when it has run out.
    """
    return _answer(item_pk, answerer, TradeInState.APPROVED, uow)


def reject_trade_in(item_pk: int, answerer: Answerer, uow: UnitOfWork) -> TradeInOffer:
    """Turn the newest offer for an item down; raises what ``approve_trade_in`` does."""
    return _answer(item_pk, answerer, TradeInState.REJECTED, uow)


def _answer(item_pk: int, answerer: Answerer, state: TradeInState, uow: UnitOfWork) -> TradeInOffer:
    caller = answerer if isinstance(answerer, Caller) else None
    order, item = _lock(item_pk, caller, uow)
    offer = item.newest_offer
    if offer is None or (isinstance(answerer, OfferLink) and answerer.offer_uuid != offer.uuid):
        raise NotFound
    actor = answerer.actor
    with audited([order], actor, uow):
        is_first = offer.answer(state, uow.now)
    if is_first:
        announce_offer(_KINDS[state], order, item, offer, uow)
        uow.commit()
    return offer


def _lock(item_pk: int, caller: Caller | None, uow: UnitOfWork) -> tuple[Order, OrderItem]:
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
