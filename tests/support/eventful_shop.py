"""A shop with every kind of event of orders."""

from datetime import timedelta
from uuid import UUID

from domain.accounts.callers import Caller
from domain.cancellations.decisions import approve_request, complete_request, reject_request
from domain.orders.orders import Order
from domain.orders.states import OrderState
from domain.outbox import record_delivery
from domain.seller_center.order_items import reject_seller_order_item
from domain.sellers.callers import Scope, SellerCaller
from domain.sellers.sellers import Seller
from domain.trade_ins import approve_trade_in, offer_trade_in
from handlers.cli.demo_shop_loader import seed_demo_shop
from persistence.database import Database, utc_now
from tests.support.application import Shop
from tests.support.builders import make_discount, make_item, make_lines, make_seller
from tests.support.stored_cancellations import CANCEL, OPERATOR, REFUND, StoredCancellations


def fill_shop(database: Database) -> None:
    """Fill the database with the demo shop, and with requests, decisions and deliveries."""
    list(seed_demo_shop(database, users=4, orders_per_user=18, seed=1))
    shop, seller = Shop(database), make_seller()
    user, now = shop.user(), utc_now()
    lines = make_lines(4, 3)
    lines[1].seller = lines[2].seller = seller
    order = shop.order(
        user, items=lines, discounts=[make_discount(amount=1001)], shipping_amount=499
    )
    delivered = {"state": OrderState.DELIVERED, "shipped_date": now, "delivered_date": now}
    returned = shop.order(
        user, items=[make_item(quantity=4, price=4000, seller=seller, **delivered)]
    )
    shop.token(seller)
    _cancel(StoredCancellations(database), order)
    _send_back(StoredCancellations(database), returned)
    _reject(database, lines[1].uuid, seller)
    _trade_in(database, returned)
    _deliver_an_email(database)


def _cancel(cancellations: StoredCancellations, order: Order) -> None:
    """Cancel parts of the first line and all of the last, and complete the requests."""
    first, *_, last = (item.pk for item in order.items)
    cancellations.decide(
        approve_request, cancellations.create(order, cancellations.draft(first, quantity=1)).pk
    )
    cancellations.decide(
        reject_request, cancellations.create(order, cancellations.draft(first, quantity=2)).pk
    )
    cancellations.create(order, cancellations.draft(first, CANCEL, quantity=1))
    whole = cancellations.create(order, cancellations.draft(last))
    cancellations.decide(approve_request, whole.pk)
    cancellations.decide(complete_request, whole.pk)


def _send_back(cancellations: StoredCancellations, order: Order) -> None:
    """Return two units for loyalty money, and one whose request is only approved."""
    item_pk = order.items[0].pk
    draft = cancellations.draft(item_pk, REFUND, quantity=2, fully_refund_as_loyalty_money=True)
    for next_draft in (draft, cancellations.draft(item_pk, REFUND, quantity=1)):
        request = cancellations.create(order, next_draft)
        cancellations.decide(approve_request, request.pk)
        if next_draft is draft:
            cancellations.decide(complete_request, request.pk)


def _reject(database: Database, item_uuid: UUID, seller: Seller) -> None:
    caller = SellerCaller(seller.pk, token_pk=1, scopes=frozenset(Scope))
    with database.writing() as uow:
        reject_seller_order_item(caller, item_uuid, None, uow)
        uow.commit()


def _trade_in(database: Database, order: Order) -> None:
    item_pk = order.items[0].pk
    with database.writing() as uow:
        offer_trade_in(item_pk, timedelta(days=1), OPERATOR, uow)
    with database.writing() as uow:
        approve_trade_in(item_pk, Caller(order.user_pk, is_guest=False), uow)


def _deliver_an_email(database: Database) -> None:
    with database.writing() as uow:
        [event] = uow.outbox.lease(utc_now(), utc_now(), 1)
        record_delivery(event.pk, uow)
