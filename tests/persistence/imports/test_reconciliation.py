"""Documents that are imported again after Waybill has settled units."""

from datetime import timedelta
from typing import Any

import pytest

from domain.cancellations.decisions import approve_request, complete_request, reject_request
from domain.imports.documents import ImportResult, Outcome
from domain.orders.cancellations import CancelStatus
from domain.orders.states import OrderState
from domain.privacy.retention import BATCH, remove_settled_accounts
from domain.shared.errors import Conflict, RuleBroken
from persistence.engine.engines import Engines
from tests.support.builders import NOW
from tests.support.documents import line_document, request_document
from tests.support.imported_case import (
    DELIVERED,
    UUID,
    YESTERDAY,
    Case,
)


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
