from dataclasses import fields
from datetime import timedelta
from typing import Any

import orjson
import pytest

from domain.orders.archiving import (
    ArchivableOrder,
    Obstacle,
    address_text,
    obstacle,
    old_order_of,
)
from domain.orders.cancellation_plans import CancellationPlan, PlanStatus
from domain.orders.cancellations import CancellationStatus, CancellationType
from domain.orders.orders import Order
from domain.orders.return_policy import ReturnPolicy
from domain.orders.states import OrderState
from domain.shared.money import Currency
from tests.support.builders import (
    NOW,
    make_address,
    make_bank,
    make_discount,
    make_item,
    make_location,
    make_loyalty_transaction,
    make_offer,
    make_order,
    make_payment_option,
    make_request,
    make_shipping_company,
    make_shipping_option_group,
)
from tests.support.complete_orders import complete_order

LONG_AGO = NOW - timedelta(days=400)
POLICY = ReturnPolicy()
DELIVERED = {"state": OrderState.DELIVERED, "delivered_date": LONG_AGO}


def finished(*requests: Any, **item: Any) -> dict[str, Any]:
    line = make_item(**{**DELIVERED, "cancellation_requests": list(requests), **item})
    return {"state": OrderState.DELIVERED, "items": [line]}


def check(order: Order, **found: Any) -> Obstacle | None:
    facts = {"plans": order.cancellation_plans, "is_guest": False, "is_number_taken": False}
    return obstacle(ArchivableOrder(order, **{**facts, **found}), NOW, POLICY)


def request(status: CancellationStatus) -> Any:
    return make_request(
        status=status, cancellation_type=CancellationType.REFUND, quantity=1, reason_pk=1
    )


class TestObstacle:
    @pytest.mark.parametrize(
        "order",
        [
            finished(),
            finished(request(CancellationStatus.COMPLETED), refunded_quantity=1, quantity=2),
            finished(request(CancellationStatus.REJECTED)),
            finished(delivered_date=None),
            *(finished(state=state) for state in (OrderState.CANCELLED, OrderState.REFUNDED)),
        ],
    )
    def test_there_is_none_for_a_finished_order(self, order: dict[str, Any]) -> None:
        assert check(make_order(**order)) is None

    @pytest.mark.parametrize(
        ("order", "reason"),
        [
            (finished(request(CancellationStatus.OPEN)), Obstacle.OPEN_REQUEST),
            (finished(request(CancellationStatus.APPROVED)), Obstacle.UNPAID_REFUND),
            (finished() | {"payment_pending": True}, Obstacle.UNPAID),
            (finished(state=OrderState.SHIPPED), Obstacle.UNFINISHED),
            (finished(state=OrderState.CANCELLATION_WAITING), Obstacle.UNFINISHED),
            (finished(delivered_date=NOW - timedelta(days=13)), Obstacle.RETURNABLE),
            (
                finished(trade_in_offers=[make_offer(expires_date=NOW + POLICY.window)]),
                Obstacle.TRADE_IN,
            ),
            (finished() | {"number": "1" * 65}, Obstacle.NOT_SHOWABLE),
            (finished() | {"tracking_number": "1" * 101}, Obstacle.NOT_SHOWABLE),
            (finished() | {"user_email": "a" * 250 + "@a.example"}, Obstacle.NOT_SHOWABLE),
            (
                finished() | {"payment_option": make_payment_option(name="a" * 101)},
                Obstacle.NOT_SHOWABLE,
            ),
            (finished() | {"bank": make_bank(name="a" * 101)}, Obstacle.NOT_SHOWABLE),
            (
                finished() | {"shipping_company": make_shipping_company(value="a" * 101)},
                Obstacle.NOT_SHOWABLE,
            ),
            (finished() | {"discounts": [make_discount(amount=10**9)]}, Obstacle.NOT_SHOWABLE),
        ],
    )
    def test_is_named(self, order: dict[str, Any], reason: Obstacle) -> None:
        assert check(make_order(**order)) is reason

    def test_is_a_guest_or_a_number(self) -> None:
        order = make_order(**finished())

        assert check(order, is_guest=True) is Obstacle.GUEST
        assert check(order, is_number_taken=True) is Obstacle.NUMBER_TAKEN

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            *((status, Obstacle.UNPAID_REFUND) for status in PlanStatus),
            (PlanStatus.COMPLETED, None),
            (PlanStatus.REJECTED, None),
            (PlanStatus.CANCELLED, None),
        ],
    )
    def test_is_a_plan_that_is_not_settled(
        self, status: PlanStatus, reason: Obstacle | None
    ) -> None:
        settled = {PlanStatus.COMPLETED, PlanStatus.REJECTED, PlanStatus.CANCELLED}
        if reason and status in settled:
            return
        order = complete_order(1, 1)
        plan = order.cancellation_plans[0]
        plan.status = status

        assert check(make_order(**finished()), plans=[plan]) is reason

    def test_is_no_plan_without_requests(self) -> None:
        plan = CancellationPlan(
            plan_type=CancellationType.CANCEL, created_date=NOW, modified_date=NOW
        )

        assert check(make_order(**finished()), plans=[plan]) is None


class TestOldOrder:
    def test_has_what_the_order_had(self) -> None:
        order = make_order(
            **finished(),
            currency=Currency.KWD,
            installment_count=3,
            tracking_number="1Z",
            shipping_amount=1500,
            shipping_tax_rate=1800,
            invoice_number="INV1",
            notes="ring twice",
            bank=make_bank(),
            shipping_company=make_shipping_company(),
            discounts=[make_discount(amount=250, code="WELCOME")],
            extra_field={"channel": "app"},
        )

        old = old_order_of(order, [], NOW)

        names = ("user_pk", "number", "user_email", "created_date", "currency", "amount")
        for name in (*names, "discount_amount", "installment_count", "tracking_number"):
            assert getattr(old, name) == getattr(order, name), name
        assert (old.status, old.payment_type, old.bank) == (
            "delivered",
            "Kredi Kartı",
            "Garanti Bankası",
        )
        assert (old.shipping_company, old.shipping_company_label) == ("yurtici", "Yurtiçi Kargo")
        assert old.archived_date == NOW
        extra = old.extra_field
        assert (extra["shipping_amount"], extra["shipping_tax_rate"]) == ("1.500", "18.00")
        assert (extra["uuid"], extra["invoice_number"]) == (str(order.uuid), "INV1")
        assert extra["discounts"][0]["code"] == "WELCOME"
        assert extra["extra_field"] == {"channel": "app"}

    def test_has_the_lines(self) -> None:
        item = make_item(
            **DELIVERED,
            quantity=2,
            price=5000,
            image="https://cdn.example.com/1.jpg",
            tracking_number="2Z",
            shipping_option_group=make_shipping_option_group(amount=100, currency=Currency.KWD),
            cancellation_requests=[request(CancellationStatus.REJECTED)],
        )

        [line] = old_order_of(make_order(items=[item]), [], NOW).items

        assert (line.line, line.quantity, line.price) == (1, 2, 5000)
        assert (line.product, line.sku) == (item.product.name, item.product.sku)
        assert line.image == "https://cdn.example.com/1.jpg"
        extra = line.extra_field
        assert (extra["state"], extra["tracking_number"]) == ("delivered", "2Z")
        assert extra["shipping_option_group"]["amount"] == "0.100"
        [stored] = extra["cancellation_requests"]
        assert (stored["status"], stored["quantity"]) == ("rejected", 1)

    def test_has_no_account(self) -> None:
        with_account = make_request(iban="TR330006100519786457841326", holder_name="Ada Lovelace")
        old = old_order_of(make_order(**finished(with_account)), [], NOW)

        text = repr(old.items[0].extra_field)
        assert "TR33" not in text
        assert "Lovelace" not in text

    def test_has_the_plans_and_their_requests(self) -> None:
        order = complete_order(1, 1)

        old = old_order_of(order, order.cancellation_plans, NOW)

        plans = old.extra_field["cancellation_plans"]
        known = {
            stored["uuid"]
            for line in old.items
            for stored in line.extra_field.get("cancellation_requests", [])
        }
        assert {item["request"] for plan in plans for item in plan["items"]} <= known
        assert plans[0]["items"][0]["refund_amount"] == "9.00"

    def test_can_be_stored(self) -> None:
        order = complete_order(1, 1, loyalty_transactions=[make_loyalty_transaction()])

        old = old_order_of(order, order.cancellation_plans, NOW)

        orjson.dumps([old.extra_field, *(item.extra_field for item in old.items)])

    def test_leaves_out_only_what_it_has_itself_or_what_is_gone(self) -> None:
        order = complete_order(1, 1)
        old = old_order_of(order, order.cancellation_plans, NOW)
        # Fields of its own, the keys of rows that are gone, and what no longer applies.
        own = {field.name for field in fields(old)} | {"pk", "version"}
        # Those are texts there; the rows can be found by what is stored beside them.
        own -= {"shipping_address", "billing_address", "shipping_company"}
        own |= {"state", "bank", "items", "payment_pending", "cancellation_plans"}
        is_set = {
            field.name
            for field in fields(order)
            if getattr(order, field.name, None) not in (None, [], {})
        }

        assert is_set - own == old.extra_field.keys() - {"cancellation_plans", "extra_field"}
        for item, line in zip(order.items, old.items, strict=True):
            is_set = {
                field.name
                for field in fields(item)
                if getattr(item, field.name, None) not in (None, [], {})
            }
            gone = {"pk", "order_pk", "line", "quantity", "price", "image"}
            assert is_set - gone == line.extra_field.keys()


def test_an_address_is_one_line() -> None:
    address = make_address(
        township=make_location(name="Kadıköy"), postcode="34710", company_name="Ev A.Ş."
    )

    assert address_text(address) == (
        "Ayşe Yılmaz, Ev A.Ş., Bağdat Caddesi 12, Kadıköy, İstanbul, Türkiye, 34710, 05555555555"
    )
