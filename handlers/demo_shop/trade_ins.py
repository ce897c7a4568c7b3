"""Trade-in offers of the demo shop, created after its orders are imported."""

from datetime import datetime, timedelta

from domain.orders.order_emails import enqueue_offer_email
from domain.orders.orders import Order
from domain.orders.state_changes import audited
from domain.orders.trade_in_offers import TradeInOffer
from domain.outbox import OutboxKind
from domain.shared.errors import NotFound
from domain.shared.identifiers import derived_uuid
from domain.unit_of_work import UnitOfWork

_ACTOR = "operator:seed"
_TRADE_IN_LIFETIME = timedelta(days=90)


def offer_trade_in(order_pk: int, today: datetime, uow: UnitOfWork) -> None:
    """Offer a trade-in for the first line of an order, and queue the e-mail to its owner.

    An order whose first line already had an offer stays unchanged. The caller commits. Raises
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
    enqueue_offer_email(OutboxKind.TRADE_IN_OFFERED, order, item, offer, uow)


def _lock(order_pk: int, uow: UnitOfWork) -> Order:
    order = uow.orders.get(order_pk)
    if order is None:
        raise NotFound
    [locked] = uow.orders.lock_by_items([order.items[0].pk], None)
    return locked
