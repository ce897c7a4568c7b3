"""Orders of sellers for tests of their lists."""

from datetime import timedelta
from typing import Any

from domain.orders.cancellation_plans import CancellationPlan, CancellationPlanItem, PlanStatus
from domain.orders.cancellations import CancellationType
from domain.orders.states import OrderState
from domain.sellers.sellers import Seller
from domain.shared.money import Currency
from persistence.database import Database
from tests.support.builders import (
    NOW,
    make_address,
    make_discount,
    make_location,
    make_reason,
    make_request,
)
from tests.support.stored import store_user
from tests.support.stored_sellers import sold, store_sold, two_sellers

HOUR = timedelta(hours=1)
NUMBERS = ["W-1", "w-1%", "W_İ", "straße", "STRASSE", "W\\ı"]
PLANS = [{}, {"a": 1, "b": [1, 2.5, None]}, {"b": [1.0, 2.5, None], "a": 1.0}, {"a": "1"}, []]


class Market:
    """A seller's orders of all kinds, and orders of another seller."""

    def __init__(self, database: Database) -> None:
        self.seller, self.other = two_sellers()
        user_pk = store_user(database).pk
        reason = make_reason()
        with database.writing() as uow:
            uow.cancellation_reasons.add(reason)
            uow.commit()
        self.orders = store_sold(
            database,
            user_pk,
            *(self._order(user_pk, position, reason.pk) for position in range(len(NUMBERS))),
        )

    def _order(self, user_pk: int, position: int, reason_pk: int) -> dict[str, Any]:
        currency = [Currency.TRY, Currency.KWD, Currency.EUR][position % 3]
        unit = 10**currency.exponent
        requests = [
            make_request(reason_pk=reason_pk, cancellation_type=kind)
            for kind in list(CancellationType)[: position % 3]
        ]
        states = [OrderState.DELIVERED, OrderState.REFUNDED, OrderState.PACKAGED]
        items = [
            sold(
                self.seller,
                state=states[position % 3],
                price=10 * unit + position % 2,
                retail_price=None if position % 2 else 999 * unit // 100,
                created_date=NOW + position % 3 * HOUR,
                modified_date=NOW - position % 2 * HOUR,
                cancellation_requests=requests,
            ),
            sold(self.other, 2, price=5 * unit),
        ]
        return {
            "number": NUMBERS[position],
            "currency": currency,
            "items": items,
            "discounts": [make_discount(amount=position * 3)],
            "shipping_amount": 0,
            "has_gift_box": [None, True, False][position % 3],
            "created_date": NOW + position % 2 * HOUR,
            "modified_date": NOW - position % 3 * HOUR,
            "billing_address": self._address(user_pk, position),
            "cancellation_plans": [
                self._plan(self.seller, position, requests),
                self._plan(self.other, position, []),
            ],
        }

    def _address(self, user_pk: int, position: int) -> Any:
        text = NUMBERS[position]
        return make_address(
            user_pk=user_pk,
            email=f"{text}@example.com" if position % 2 else None,
            line=text,
            is_active=position % 2 == 0,
            e_bill_taxpayer=[None, True, False][position % 3],
            township=make_location(name="Kadıköy") if position % 2 else None,
            **dict.fromkeys(("phone_number", "first_name", "last_name", "postcode"), text),
            **dict.fromkeys(("notes", "company_name", "tax_office", "tax_no"), text),
            identity_number=text,
        )

    def _plan(self, seller: Seller, position: int, requests: list[Any]) -> CancellationPlan:
        amounts = {"refund_amount": 999 + position, "discount_refund_amount": 10}
        return CancellationPlan(
            seller=seller,
            plan_type=[CancellationType.CANCEL, CancellationType.REFUND][position % 2],
            status=list(PlanStatus)[position],
            invoice_number=None if position % 2 else NUMBERS[position],
            payment_plan=PLANS[position % 4],  # type: ignore[arg-type]  # all of these are objects
            created_date=NOW + position % 3 * HOUR * 12,
            modified_date=NOW,
            items=[
                CancellationPlanItem(
                    request=request,
                    shipping_refund_amount=position % 2 * 100,
                    own_shipping_refund_amount=position % 2 * 60,
                    **amounts,
                )
                for request in requests
            ],
        )
