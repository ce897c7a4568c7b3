"""An order, and the bodies that cancel and return its lines."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.accounts.users import User
from domain.orders.cancellations import CancellationReason, CancellationType
from domain.orders.orders import Order
from domain.orders.states import OrderState
from tests.support.application import Shop
from tests.support.builders import make_easy_return_company, make_item, make_payment_option

IBAN = "TR33 0006 1005 1978 6457 8413 26"
SLOT = {
    "date": (datetime.now(UTC) + timedelta(days=3)).date().isoformat(),
    "hour_range": {"start": "09:00", "end": "12:00"},
}


@pytest.fixture
def reason(shop: Shop) -> CancellationReason:
    return shop.reason()


@pytest.fixture
def order(shop: Shop, shopper: User) -> Order:
    """Two lines of three units each, waiting."""
    items = [make_item(line=line, quantity=3, price=9999) for line in (1, 2)]
    return shop.order(shopper, items=items)


@pytest.fixture
def draft(order: Order, reason: CancellationReason) -> dict[str, Any]:
    """The body to cancel the first line."""
    return {
        "order_item": order.items[0].pk,
        "reason": reason.pk,
        "cancellation_type": "cancel",
    }


@pytest.fixture
def delivered(shop: Shop, shopper: User) -> Order:
    """Paid by bank transfer, with a line that a carrier collects."""
    item = make_item(
        state=OrderState.DELIVERED,
        delivered_date=datetime.now(UTC) - timedelta(days=1),
        easy_return_companies=[make_easy_return_company(requires_pickup_address=True)],
    )
    option = make_payment_option(payment_type="funds_transfer", slug="funds-transfer")
    return shop.order(shopper, items=[item], payment_option=option, state=OrderState.DELIVERED)


@pytest.fixture
def refund(shop: Shop, delivered: Order) -> dict[str, Any]:
    """The body to return the delivered line with a pickup."""
    [item] = delivered.items
    return {
        "order_item": str(item.pk),
        "reason": str(shop.reason(CancellationType.REFUND).pk),
        "cancellation_type": "refund",
        "shipping_company": item.easy_return_companies[0].pk,
        "pickup_address": delivered.shipping_address.pk,
        "pickup_date": SLOT,
        "iban": IBAN,
        "holder_name": "Ayşe Yılmaz",
    }
