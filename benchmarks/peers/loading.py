"""Eager loading of an order: collections by SELECTs, references by joins."""

from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from benchmarks.peers.order_tables import CancellationRequest, EasyReturn, Order, OrderItem
from benchmarks.peers.other_tables import OldOrder
from benchmarks.peers.tables import Address, EasyReturnCompany


def with_all_of_order() -> list[ORMOption]:
    """Options of a SELECT of orders."""
    items = selectinload(Order.orderitem_set)
    requests = items.selectinload(OrderItem.cancellationrequest_set)
    # By SELECTs of their own: a join of fifteen tables is slow to plan.
    addresses = [selectinload(Order.shipping_address), selectinload(Order.billing_address)]
    places = (Address.country, Address.city, Address.township, Address.district)
    return [
        *(address.joinedload(place) for address in addresses for place in places),
        joinedload(Order.shipping_company),
        joinedload(Order.payment_option),
        joinedload(Order.bank),
        items.joinedload(OrderItem.product),
        items.joinedload(OrderItem.datasource_detailed),
        items.joinedload(OrderItem.shipping_company),
        items.joinedload(OrderItem.shipping_option_group),
        requests.joinedload(CancellationRequest.easy_return).joinedload(
            EasyReturn.shipping_company
        ),
        requests.selectinload(CancellationRequest.cancellation_request_image_set),
        items.selectinload(OrderItem.available_easy_return_shipping_companies).joinedload(
            EasyReturnCompany.shipping_company
        ),
        selectinload(Order.discountitem_set),
        selectinload(Order.loyaltytransaction_set),
    ]


def with_all_of_old_order() -> list[ORMOption]:
    """Options of a SELECT of archived orders."""
    return [joinedload(OldOrder.shipping_company), selectinload(OldOrder.oldorderitem_set)]
