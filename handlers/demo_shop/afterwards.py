"""What happens to orders of the demo shop after they were imported: offers, plans and papers."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.announcements import announce_offer
from domain.audit import audited
from domain.cancellation_plans import PlanStatus
from domain.errors import NotFound
from domain.identifiers import derived_uuid
from domain.orders import Order
from domain.outbox import OutboxKind
from domain.planning import plan_imported_requests
from domain.trade_in_offers import TradeInOffer
from domain.unit_of_work import UnitOfWork

_ACTOR = "operator:seed"
_TRADE_IN_LIFETIME = timedelta(days=90)
_PAID_BACK = (PlanStatus.APPROVED, PlanStatus.COMPLETED)


def offer_trade_in(order_pk: int, today: datetime, uow: UnitOfWork) -> None:
    """Offer a trade-in for the first line of an order, and write to its owner.

    An order whose first line ever had an offer stays as it is. The commit is the caller's. Raises
    NotFound.
    """
    order = _lock(order_pk, uow)
    item = order.items[0]
    if item.trade_in_offers:
        return
    offer = TradeInOffer(
        uuid=derived_uuid("TradeInOffer", item.uuid),
        expires_date=today + _TRADE_IN_LIFETIME,
        created_date=today,
        modified_date=today,
    )
    with audited([order], _ACTOR, uow):
        item.offer_trade_in(offer)
    announce_offer(OutboxKind.TRADE_IN_OFFERED, order, item, offer, uow)


def was_asked_for(document: Mapping[str, Any]) -> bool:
    """Say whether somebody asked to cancel or to return something of an imported order."""
    return any("cancellation_requests" in line for line in document["items"])


def keep_books(order_pks: Iterable[int], uow: UnitOfWork) -> None:
    """Give the requests of these orders their plans, and the plans that pay back their papers.

    What has them stays as it is. The commit is the caller's. Raises NotFound.
    """
    for order in (_lock(pk, uow) for pk in order_pks):
        asked = [each for item in order.items for each in item.cancellation_requests]
        with audited([order], _ACTOR, uow):
            plan_imported_requests(order, min(each.created_date for each in asked))
        for plan in order.cancellation_plans:
            if plan.status in _PAID_BACK and plan.invoice_number is None:
                plan.invoice_number = f"WBC{order.number[-12:]}"
                plan.payment_plan = {"installments": order.installment_count}


def _lock(order_pk: int, uow: UnitOfWork) -> Order:
    order = uow.orders.get(order_pk)
    if order is None:
        raise NotFound
    [locked] = uow.orders.lock_by_items([order.items[0].pk], None)
    return locked
