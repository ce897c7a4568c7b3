"""An order and an old order with a row in every table, and values that are hard to store."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from domain.orders.cancellation_plans import CancellationPlan, CancellationPlanItem, PlanStatus
from domain.orders.cancellations import CancellationStatus, CancellationType, CancelStatus
from domain.orders.old_orders import OldOrder
from domain.orders.orders import Order, OrderType
from domain.orders.states import OrderState
from domain.orders.trade_in_offers import TradeInState
from tests.support.builders import (
    NOW,
    make_address,
    make_bank,
    make_discount,
    make_easy_return,
    make_easy_return_company,
    make_image,
    make_item,
    make_location,
    make_loyalty_transaction,
    make_offer,
    make_old_item,
    make_old_order,
    make_order,
    make_product,
    make_request,
    make_seller,
    make_shipping_company,
    make_shipping_option_group,
)

MOMENT = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
ELSEWHERE = datetime(2026, 3, 1, 2, 59, 59, 1, tzinfo=timezone(timedelta(hours=3)))
BIG = 2**53 + 1  # not representable as a float
BIGGEST = 2**63 - 1
TEXT = "İstanbul \U0001f9ff e\u0301 'a' \"b\" \\ %s :c {\u2028} \t\n ß"
JSON: dict[str, Any] = {
    "nothing": None,
    "below": {"nothing": None, "list": [None, 1, -0.5, 1e300, BIG, BIGGEST, True, [], {}]},
    TEXT: TEXT,
    "": "",
}
COMPLETED = CancellationStatus.COMPLETED


def complete_order(user_pk: int, reason_pk: int, **overrides: Any) -> Order:
    """Two lines of one seller, one of another and one of the shop, with requests and plans."""
    seller, other = make_seller(slug="of-the-order"), make_seller(name=TEXT)
    carrier = make_shipping_company()
    address = make_address(
        user_pk=user_pk,
        line=TEXT,
        township=make_location(name="Kadıköy"),
        district=make_location(name="Moda"),
    )
    requests = [
        make_request(
            reason_pk=reason_pk,
            status=COMPLETED,
            quantity=1,
            description=TEXT,
            images=[make_image(), make_image(description=TEXT)],
            easy_return=make_easy_return(
                shipping_company=carrier,
                start_date=MOMENT,
                end_date=ELSEWHERE,
                pickup_date=date(2026, 3, 3),
                pickup_start=time(9, 30),
                pickup_end=time(23, 59, 59),
            ),
        ),
        make_request(reason_pk=reason_pk, quantity=1, created_date=MOMENT),
    ]
    items = [
        make_item(
            quantity=4,
            price=40_000,
            cancelled_quantity=1,
            state=OrderState.PACKAGED,
            cancel_status=next(iter(CancelStatus)),
            seller=seller,
            shipping_company=carrier,
            shipping_option_group=make_shipping_option_group(),
            easy_return_companies=[
                make_easy_return_company(shipping_company=carrier),
                make_easy_return_company(shipping_company=carrier, name=TEXT),
            ],
            cancellation_requests=requests,
            trade_in_offers=[
                make_offer(state=TradeInState.REJECTED),
                make_offer(expires_date=MOMENT),
            ],
            invoice_date=ELSEWHERE,
            extra_field=JSON,
        ),
        make_item(line=2, product=make_product(sku="2", name=TEXT), seller=seller, price=BIG),
        make_item(line=3, product=make_product(sku="3"), seller=other),
        make_item(line=4, product=make_product(sku="4")),
    ]
    plan = CancellationPlan(
        seller=seller,
        plan_type=CancellationType.CANCEL,
        status=next(iter(PlanStatus)),
        note=TEXT,
        payment_plan={"b": [1, None, {"c": TEXT}], "a": {}},
        created_date=MOMENT,
        modified_date=NOW,
        items=[
            CancellationPlanItem(
                request=request,
                refund_amount=900 + at,
                discount_refund_amount=10,
                shipping_refund_amount=5 * at,
                own_shipping_refund_amount=at,
            )
            for at, request in enumerate(requests)
        ],
    )
    empty = CancellationPlan(
        seller=None, plan_type=CancellationType.REFUND, created_date=NOW, modified_date=NOW
    )
    values = {
        "order_type": OrderType.ADDON,
        "basket": BIGGEST,
        "card": -BIG,
        "shipping_amount": 2000,
        "shipping_tax_rate": 1800,
        "has_gift_box": None,
        "notes": TEXT,
        "extra_field": JSON,
        "invoice_date": MOMENT,
        "delivery_range": ELSEWHERE,
        "shipping_company": carrier,
        "shipping_address": address,
        "billing_address": make_address(user_pk=user_pk, line="Other Street 3", city=address.city),
        "bank": make_bank(),
        "discounts": [make_discount(), make_discount(name=TEXT, amount=1)],
        "loyalty_transactions": [make_loyalty_transaction(user_pk=user_pk)],
        "cancellation_plans": [plan, empty],
        "items": items,
    }
    return make_order(user_pk=user_pk, **values | overrides)


def complete_old_order(user_pk: int, **overrides: Any) -> OldOrder:
    values = {
        "number": TEXT[:60],
        "amount": BIG,
        "created_date": MOMENT,
        "payment_type": TEXT,
        "shipping_address": TEXT,
        "extra_field": JSON,
        "items": [make_old_item(), make_old_item(line=2, product=None, extra_field=JSON)],
    }
    return make_old_order(user_pk=user_pk, **values | overrides)
