"""A shop in which all that can happen to an order has happened to some."""

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
from tests.support.stored_cancellations import CANCEL, OPERATOR, REFUND, Desk


def live(database: Database) -> None:
    """Fill the database with the demo shop, and with what comes of asking and deciding."""
    list(seed_demo_shop(database, users=4, orders_per_user=18, seed=1))
    shop, seller = Shop(database), make_seller()
    user, now = shop.user(), utc_now()
    lines = make_lines(4, 3)
    lines[1].seller = lines[2].seller = seller
    order = shop.order(
        user, items=lines, discounts=[make_discount(amount=1001)], shipping_amount=499
    )
    came = {"state": OrderState.DELIVERED, "shipped_date": now, "delivered_date": now}
    returned = shop.order(user, items=[make_item(quantity=4, price=4000, seller=seller, **came)])
    shop.token(seller)
    _cancel(Desk(database), order)
    _send_back(Desk(database), returned)
    _reject(database, lines[1].uuid, seller)
    _trade_in(database, returned)
    _deliver_a_letter(database)


def _cancel(desk: Desk, order: Order) -> None:
    """Of the first line a part twice and once more, of the last all, and then the money."""
    first, *_, last = (item.pk for item in order.items)
    desk.decide(approve_request, desk.create(order, desk.draft(first, quantity=1)).pk)
    desk.decide(reject_request, desk.create(order, desk.draft(first, quantity=2)).pk)
    desk.create(order, desk.draft(first, CANCEL, quantity=1))
    whole = desk.create(order, desk.draft(last))
    desk.decide(approve_request, whole.pk)
    desk.decide(complete_request, whole.pk)


def _send_back(desk: Desk, order: Order) -> None:
    """Two units for loyalty money, and one that is yet on its way."""
    item_pk = order.items[0].pk
    draft = desk.draft(item_pk, REFUND, quantity=2, fully_refund_as_loyalty_money=True)
    for each in (draft, desk.draft(item_pk, REFUND, quantity=1)):
        request = desk.create(order, each)
        desk.decide(approve_request, request.pk)
        if each is draft:
            desk.decide(complete_request, request.pk)


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


def _deliver_a_letter(database: Database) -> None:
    with database.writing() as uow:
        [event] = uow.outbox.lease(utc_now(), utc_now(), 1)
        record_delivery(event.pk, uow)
