"""The letters to shoppers about what became of their orders, as events for the outbox.

A payload names what a letter says, never an IBAN or the name of an account holder.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid4

from domain.orders.cancellation_plans import CancellationPlanItem
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.orders.trade_in_offers import TradeInOffer
from domain.outbox import OutboxEvent, OutboxKind, OutboxWork
from domain.shared.identifiers import derived_uuid
from domain.shared.money import format_amount


def announce_requests(
    kind: OutboxKind,
    order: Order,
    requests: Iterable[tuple[OrderItem, CancellationPlanItem]],
    uow: OutboxWork,
) -> None:
    """Tell the shopper about requests of one order.

    ``requests`` of the payload: ``uuid``, ``cancellation_type``, ``quantity``, ``product`` (its
    name), ``refund_amount`` (a decimal string) and ``fully_refund_as_loyalty_money``.
    """
    told = [
        {
            "uuid": str(planned.request.uuid),
            "cancellation_type": planned.request.cancellation_type.value,
            "quantity": planned.request.quantity,
            "product": item.product.name,
            "refund_amount": format_amount(planned.refund_amount, order.currency),
            "fully_refund_as_loyalty_money": bool(planned.request.fully_refund_as_loyalty_money),
        }
        for item, planned in requests
    ]
    _announce(kind, order, {"currency": order.currency.value, "requests": told}, uow)


def announce_offer(
    kind: OutboxKind, order: Order, item: OrderItem, offer: TradeInOffer, uow: OutboxWork
) -> None:
    """Tell the shopper about a trade-in offer.

    The payload has ``offer`` (its UUID), ``order_item`` (its pk), ``product`` (its name) and
    ``expires_date``. Whoever writes the letter signs its links.
    """
    told = {
        "offer": str(offer.uuid),
        "order_item": item.pk,
        "product": item.product.name,
        "expires_date": offer.expires_date.isoformat(),
    }
    # Each is announced once: it is offered, and answered.
    _announce(kind, order, told, uow, derived_uuid(kind, offer.uuid))


def _announce(
    kind: OutboxKind,
    order: Order,
    told: Mapping[str, Any],
    uow: OutboxWork,
    uuid: UUID | None = None,
) -> None:
    if order.erased_date is not None:  # there is no address any more
        return
    payload = {
        "email": order.user_email,
        "language": order.language_code,
        "order_number": order.number,
        **told,
    }
    event = OutboxEvent(
        uuid=uuid or uuid4(),
        kind=kind,
        payload=payload,
        created_date=uow.now,
        due_date=uow.now,
    )
    uow.outbox.add(event)
