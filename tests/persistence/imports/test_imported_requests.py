"""What later documents change about the requests of an import."""

from copy import deepcopy
from typing import Any

import pytest

from domain.cancellations.decisions import approve_request
from domain.imports.documents import ImportResult
from domain.orders.cancellation_plans import PlanStatus
from domain.orders.cancellations import CancellationStatus
from domain.orders.states import OrderState
from persistence.imports import store
from tests.support.documents import request_document
from tests.support.imported_case import (
    DELIVERED,
    OTHER_UUID,
    UUID,
    Case,
    imported_request,
)

LATE_VERSION = 2**51  # later than now, so that another raise would add one


class TestImportedRequests:
    def test_are_changed_by_later_documents(self, case: Case) -> None:
        case.place(imported_request())
        assert case.order.items[0].state is OrderState.CANCELLATION_WAITING

        case.send(imported_request(status="approved"))
        approved = case.order
        case.send(imported_request(status="completed"))

        [plan] = approved.cancellation_plans
        assert (approved.items[0].state, approved.items[0].cancelled_quantity) == (
            OrderState.APPROVED,
            1,
        )
        assert (plan.status, plan.refund_amount, approved.refund_amount) == (
            PlanStatus.APPROVED,
            5000,
            0,
        )
        assert case.order.refund_amount == 5000
        assert case.order.cancellation_plans[0].status is PlanStatus.COMPLETED

    def test_raise_the_version_of_the_order_once(
        self, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(store, "new_version", lambda: LATE_VERSION)
        case.place(imported_request())
        first = case.order
        monkeypatch.setattr(store, "new_version", lambda: 2 * LATE_VERSION)
        case.send(imported_request(status="approved"))

        assert first.cancellation_plans[0].status is PlanStatus.WAITING
        assert (first.version, case.order.version) == (LATE_VERSION, 2 * LATE_VERSION)
        assert case.order.cancellation_plans[0].status is PlanStatus.APPROVED

    def test_are_not_changed_after_a_decision_in_waybill(self, case: Case) -> None:
        case.place(imported_request())
        [request] = case.order.items[0].cancellation_requests
        case.cancellations.decide(approve_request, request.pk)

        result = case.send(imported_request(), notes="as the shop knows it")
        rejection = case.rejection(imported_request(status="rejected"))

        [stored] = case.order.items[0].cancellation_requests
        assert isinstance(result, ImportResult)
        assert rejection == ("settled_here", "/items/0/cancellation_requests/0/status")
        assert stored.status is CancellationStatus.APPROVED
        assert case.order.items[0].cancelled_quantity == 1

    @pytest.mark.parametrize(
        ("first", "later", "place"),
        [
            ({"status": "completed"}, {"status": "open"}, "status"),
            ({"status": "rejected"}, {"status": "approved"}, "status"),
            ({"status": "approved"}, {"status": "completed", "quantity": 2}, "quantity"),
        ],
    )
    def test_can_not_move_back(
        self, case: Case, first: dict[str, Any], later: dict[str, Any], place: str
    ) -> None:
        case.place(imported_request(**first))

        code, pointer = case.rejection(imported_request(**later))

        assert (code, pointer) == ("settled_here", f"/items/0/cancellation_requests/0/{place}")

    @pytest.mark.parametrize(
        ("status", "plan", "refund"),
        [
            ("open", "waiting", 5000),
            ("approved", "approved", 5000),
            ("rejected", "rejected", 0),
            ("completed", "completed", 5000),
        ],
    )
    def test_have_plans(self, case: Case, status: str, plan: str, refund: int) -> None:
        case.place(imported_request(status=status))

        [made] = case.order.cancellation_plans

        assert made.seller is not None
        assert made.seller.slug == "a"
        assert (made.status, made.refund_amount) == (plan, refund)
        assert case.order.items[0].cancel_status is not None
        assert case.order.refund_amount == (refund if status == "completed" else 0)

    def test_have_the_plan_of_the_document(self, case: Case) -> None:
        values = {"status": "waiting_for_payment", "note": "by hand", "invoice_number": "R1"}
        case.place(imported_request(status="approved", plan=values | {"payment_plan": {"a": 1}}))

        [plan] = case.order.cancellation_plans

        assert (plan.status, plan.note) == (PlanStatus.WAITING_FOR_PAYMENT, "by hand")
        assert (plan.invoice_number, plan.payment_plan) == ("R1", {"a": 1})

    def test_move_to_the_plan_of_another_seller(self, case: Case) -> None:
        case.place(imported_request())

        case.send({**imported_request(), "seller": {"slug": "b", "name": "B"}})

        [plan] = case.order.cancellation_plans
        assert plan.seller is not None
        assert plan.seller.slug == "b"

    def test_refund_shipping_when_all_is_cancelled(self, case: Case) -> None:
        case.place(imported_request(status="approved", quantity=3))
        case.send(imported_request(status="approved", quantity=3), items=self.all_cancelled(case))

        order = case.order

        assert order.state is OrderState.CANCELLED
        assert (order.refund_amount, order.shipping_refund_amount) == (2000, 0)
        assert sum(plan.refund_amount for plan in order.cancellation_plans) == 15900

    def all_cancelled(self, case: Case) -> list[dict[str, Any]]:
        first, second = deepcopy(case.document["items"])
        return [first, second | {"state": "cancelled"}]

    def test_can_not_exceed_the_units_of_the_line(self, case: Case) -> None:
        requests = [
            request_document(status="approved", quantity=2, uuid=UUID),
            request_document(status="approved", quantity=1, uuid=OTHER_UUID),
        ]
        line = {**DELIVERED, "cancelled_quantity": 1, "cancellation_requests": requests}
        place = "/items/0/cancellation_requests"
        case.place(DELIVERED)

        new = case.rejection(line, number="1002")
        known = case.rejection(line)
        case.request(approve_request, quantity=1)
        settled = case.rejection({**DELIVERED, "cancellation_requests": requests})

        assert new == known == ("rejected_document", place)
        assert settled == ("settled_here", f"{place}/0/status")

    def test_can_not_exceed_the_counter_of_the_line(self, case: Case) -> None:
        case.place()

        rejection = case.rejection(
            {**imported_request(status="completed", quantity=2), "cancelled_quantity": 1}
        )

        assert rejection == ("rejected_document", "/items/0/cancelled_quantity")
