"""E-mails to shoppers about their orders, as events for the outbox.

Payloads never hold an IBAN or the name of an account holder.
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


def enqueue_request_email(
    kind: OutboxKind,
    order: Order,
    requests: Iterable[tuple[OrderItem, CancellationPlanItem]],
    uow: OutboxWork,
) -> None:
    """Add an e-mail to the shopper about requests of one order to the outbox.

    ``requests`` of the payload: ``uuid``, ``cancellation_type``, ``quantity``, ``product`` (its
    name), ``refund_amount`` (a decimal string) and ``fully_refund_as_loyalty_money``.
    """
    lines = [
        {
            "uuid": str(plan_item.request.uuid),
            "cancellation_type": plan_item.request.cancellation_type.value,
            "quantity": plan_item.request.quantity,
            "product": item.product.name,
            "refund_amount": format_amount(plan_item.refund_amount, order.currency),
            "fully_refund_as_loyalty_money": bool(plan_item.request.fully_refund_as_loyalty_money),
        }
        for item, plan_item in requests
    ]
    _enqueue(kind, order, {"currency": order.currency.value, "requests": lines}, uow)


def enqueue_offer_email(
    kind: OutboxKind, order: Order, item: OrderItem, offer: TradeInOffer, uow: OutboxWork
) -> None:
    """Add an e-mail to the shopper about a trade-in offer to the outbox.

    The payload has ``offer`` (its UUID), ``order_item`` (its pk), ``product`` (its name) and
    ``expires_date``. The links are signed when the e-mail is built.
    """
    details = {
        "offer": str(offer.uuid),
        "order_item": item.pk,
        "product": item.product.name,
        "expires_date": offer.expires_date.isoformat(),
    }
    # The derived UUID makes one e-mail per offer and kind.
    _enqueue(kind, order, details, uow, derived_uuid(kind, offer.uuid))


def _enqueue(
    kind: OutboxKind,
    order: Order,
    details: Mapping[str, Any],
    uow: OutboxWork,
    uuid: UUID | None = None,
) -> None:
    if order.erased_date is not None:  # the address is erased
        return
    payload = {
        "email": order.user_email,
        "language": order.language_code,
        "order_number": order.number,
        **details,
    }
    event = OutboxEvent(
        uuid=uuid or uuid4(),
        kind=kind,
        payload=payload,
        created_date=uow.now,
        due_date=uow.now,
    )
    uow.outbox.add(event)
