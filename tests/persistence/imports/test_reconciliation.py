"""Documents that are imported again after Waybill has settled units."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from domain.cancellations.decisions import approve_request, complete_request, reject_request
from domain.imports.documents import ImportResult, Outcome
from domain.orders.cancellation_plans import PlanStatus
from domain.orders.cancellations import CancellationStatus, CancelStatus
from domain.orders.states import OrderState
from domain.privacy.retention import BATCH, remove_settled_accounts
from domain.shared.errors import Conflict, RuleBroken
from persistence.database import Database
from persistence.engine.engines import Engines
from tests.support.builders import NOW
from tests.support.documents import line_document, request_document
from tests.support.imported_case import (
    DELIVERED,
    OTHER_UUID,
    UUID,
    YESTERDAY,
    Case,
    imported_request,
)


@pytest.fixture
def case(database: Database) -> Case:
    return Case(database)


class TestSettledUnits:
    def test_are_not_refunded_twice(self, case: Case) -> None:
        case.place()
        case.request(approve_request, complete_request)

        result = case.send(notes="Please ring.")

        order = case.order
        assert isinstance(result, ImportResult)
        assert (order.refund_amount, order.notes) == (15000, "Please ring.")
        assert (order.items[0].state, order.items[0].cancelled_quantity) == (
            OrderState.CANCELLED,
            3,
        )
        with pytest.raises(RuleBroken):
            case.request()

    def test_do_not_prevent_shipping_the_others(self, case: Case) -> None:
        case.place()
        case.request(approve_request, quantity=1)

        case.send({**DELIVERED, "tracking_number": "77"}, state="delivered")

        [first, _] = case.order.items
        assert (first.state, first.cancelled_quantity) == (OrderState.DELIVERED, 1)
        assert (first.tracking_number, first.cancel_status) == ("77", CancelStatus.APPROVED)

    def test_with_an_open_request_the_line_still_waits(self, case: Case) -> None:
        case.place()
        request_pk = case.request(quantity=1)

        case.send({"state": "shipped", "shipped_date": YESTERDAY}, state="shipped")

        [first, _] = case.order.items
        assert first.state is OrderState.CANCELLATION_WAITING
        with pytest.raises(Conflict):
            case.cancellations.decide(approve_request, request_pk)
        case.cancellations.decide(reject_request, request_pk)
        assert case.order.items[0].state is OrderState.SHIPPED

    @pytest.mark.parametrize(
        ("line", "fields", "place"),
        [
            ({"unit_price": "10.00"}, {}, "/items/0/unit_price"),
            ({"quantity": 1}, {}, "/items/0/quantity"),
            ({"cancelled_quantity": 0}, {}, "/items/0/cancelled_quantity"),
            ({"cancelled_quantity": 3}, {}, "/items/0/cancelled_quantity"),
            ({"refunded_quantity": 1}, {}, "/items/0/refunded_quantity"),
            ({"state": "waiting"}, {}, "/items/0/state"),
            ({"state": "cancelled"}, {}, "/items/0/state"),
            ({"seller": {"slug": "b", "name": "B"}}, {}, "/items/0/seller"),
            ({}, {"state": "waiting"}, "/state"),
            ({}, {"currency": "usd"}, "/currency"),
            ({}, {"payment_pending": True}, "/payment_pending"),
            ({}, {"refund_amount": "0.00"}, "/refund_amount"),
            ({}, {"discounts": [{"name": "A", "amount": "30.00"}]}, "/discounts"),
            (
                {
                    "cancellation_requests": [
                        request_document(cancellation_type="cancel", status="approved", quantity=1)
                    ]
                },
                {},
                "/items/0/cancellation_requests/0/status",
            ),
        ],
    )
    def test_can_not_be_contradicted(
        self, case: Case, line: dict[str, Any], fields: dict[str, Any], place: str
    ) -> None:
        case.place(shipping_amount="0.00")
        case.request(approve_request, complete_request, quantity=2)
        before = case.order

        assert case.rejection({"state": "approved"} | line, **fields) == ("settled_here", place)

        after = case.order
        assert (after.version, after.refund_amount) == (before.version, 10000)
        assert after.items[0].unit_price == 5000

    def test_may_be_confirmed_by_a_document(self, case: Case) -> None:
        case.place()
        case.request(approve_request, complete_request, quantity=2)

        result = case.send({"cancelled_quantity": 2}, refund_amount="100.00")

        assert isinstance(result, ImportResult)

    def test_of_an_approved_return_can_not_be_contradicted(self, case: Case) -> None:
        case.place(DELIVERED, state="delivered")
        request_pk = case.request(approve_request, quantity=2)

        assert case.rejection({"quantity": 1}) == ("settled_here", "/items/0/quantity")
        case.cancellations.decide(complete_request, request_pk)

        assert case.order.refund_amount == 10000

    def test_of_a_cancelled_order_can_not_be_contradicted(self, case: Case) -> None:
        case.place()
        case.document["items"].pop()
        case.document["number"] = "1002"
        result = case.send()
        assert isinstance(result, ImportResult)
        case.pk = result.pk
        case.request(approve_request)

        assert case.rejection({"state": "shipped"}) == ("settled_here", "/items/0/state")
        assert case.rejection({"shipped_date": YESTERDAY}) == (
            "settled_here",
            "/items/0/shipped_date",
        )
        assert case.rejection({"quantity": 4}) == ("settled_here", "/items/0/quantity")
        assert case.rejection(shipping_amount="5.00") == ("settled_here", "/shipping_amount")
        case.document["items"].append(line_document(line=2))
        assert case.rejection() == ("settled_here", "/items/1")

    def test_loyalty_money_that_was_refunded_can_not_change(self, case: Case) -> None:
        case.place()
        case.request(approve_request, complete_request, fully_refund_as_loyalty_money=True)
        [transactions] = case.order.loyalty_transactions
        echoed = {"uuid": str(transactions.uuid), "amount": "1.00"}

        assert case.rejection(loyalty_transactions=[echoed]) == (
            "settled_here",
            "/loyalty_transactions/0/amount",
        )
        case.send(loyalty_transactions=[echoed | {"amount": "150.00"}])
        [stored] = case.order.loyalty_transactions
        assert (stored.amount, stored.reference) == (15000, transactions.reference)


class TestPayment:
    def test_units_that_were_cancelled_before_it_are_never_refunded(self, case: Case) -> None:
        case.place(payment_pending=True, shipping_amount="0.00")
        case.request(approve_request, complete_request, quantity=1)

        case.send(payment_pending=False)
        case.request(approve_request, complete_request)

        assert not case.order.payment_pending
        assert case.order.refund_amount == 10000

    def test_of_a_cancelled_order_is_rejected(self, case: Case) -> None:
        case.place(payment_pending=True)
        for item in case.order.items:
            request = case.cancellations.create(case.order, case.cancellations.draft(item.pk))
            case.cancellations.decide(approve_request, request.pk)

        assert case.rejection(payment_pending=False) == ("settled_here", "/payment_pending")


class TestOlderDocuments:
    def test_change_nothing(self, case: Case) -> None:
        case.place(modified_date="2026-02-20T09:00:00Z")
        case.send(state="shipped", modified_date="2026-02-22T09:00:00Z")

        result = case.send(notes="older", modified_date="2026-02-21T09:00:00Z")

        assert result == ImportResult(case.pk, Outcome.OLDER)
        assert (case.order.state, case.order.notes) == (OrderState.SHIPPED, None)

    def test_are_compared_with_the_last_document_only(self, case: Case) -> None:
        case.place(modified_date="2026-02-20T09:00:00Z")
        case.request(quantity=1)

        case.send(notes="new", modified_date="2026-02-20T09:00:00Z")

        assert case.order.notes == "new"
        assert case.order.modified_date == NOW

    def test_without_a_date_can_not_move_a_state_back(self, case: Case) -> None:
        case.place(state="shipped")

        assert case.rejection(state="approved") == ("settled_here", "/state")


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


class TestAuditTrail:
    def test_has_every_import_that_changes_an_order(self, case: Case) -> None:
        case.place()
        case.send(notes="Please ring.", state="shipped", tracking_number="77")
        case.send({"tracking_number": "5"}, notes="Please ring.", state="shipped")

        entries = case.trail(case.order)
        [first, second] = case.trail(case.order.items[0])

        assert [
            (entry.actor, entry.from_state, entry.to_state, entry.note) for entry in entries
        ] == [
            ("import:ayse", "approved", "shipped", "notes, tracking_number"),
            ("import:ayse", "shipped", "shipped", "tracking_number"),
        ]
        assert (first.from_state, first.to_state, first.note) == ("approved", "shipped", None)
        assert second.note == "tracking_number"

    def test_has_an_import_that_changes_only_the_document(self, case: Case) -> None:
        case.place()

        case.send(amount="179.00")

        [entry] = case.trail(case.order)
        assert (entry.from_state, entry.to_state, entry.note) == ("approved", "approved", None)

    def test_has_changes_of_plans_and_requests(self, case: Case, engines: Engines) -> None:
        open_request = request_document(cancellation_type="cancel", quantity=1, uuid=UUID)
        case.place({"cancellation_requests": [open_request]})

        case.send({"cancellation_requests": [open_request | {"status": "completed"}]})

        [request] = case.order.items[0].cancellation_requests
        [plan] = case.order.cancellation_plans
        moves = [
            [(entry.from_state, entry.to_state) for entry in case.trail(subject)]
            for subject in (request, plan)
        ]
        assert moves == [[("open", "completed")], [("waiting", "completed")]]


def test_a_line_with_a_request_of_waybill_can_not_change_its_seller(case: Case) -> None:
    case.place()
    case.request(quantity=1)

    rejection = case.rejection({"seller": {"slug": "b", "name": "B"}})

    assert rejection == ("settled_here", "/items/0/seller")


def test_a_removed_account_is_not_restored(case: Case) -> None:
    document = request_document(
        cancellation_type="cancel",
        status="completed",
        quantity=1,
        iban="TR330006100519786457841326",
        holder_name="Ayşe",
    )
    line = {"cancellation_requests": [document]}
    case.place(line)
    with case.database.writing() as uow:
        remove_settled_accounts(timedelta(), 0, BATCH, uow)

    case.send(line, notes="new")

    [request] = case.order.items[0].cancellation_requests
    assert (request.iban, request.holder_name, case.order.notes) == (None, None, "new")
