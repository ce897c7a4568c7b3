"""Refunds of orders whose documents are imported again are paid once and can be completed."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from domain.cancellations.decisions import approve_request, complete_request, reject_request
from domain.imports.documents import ImportResult, Outcome
from domain.imports.parts import Rejected
from domain.orders.cancellation_plans import PlanStatus
from domain.orders.states import OrderState
from domain.seller_center.order_items import reject_seller_order_item
from domain.sellers.callers import Scope, SellerCaller
from persistence.engine.engines import Engines
from persistence.orders.cancellations import cancellation_requests
from tests.support.documents import line_document, request_document
from tests.support.imported_case import (
    DELIVERED,
    OTHER_UUID,
    UUID,
    YESTERDAY,
    Case,
    imported_request,
)


def is_stored(result: object) -> bool:
    return isinstance(result, ImportResult) and result.outcome is Outcome.UPDATED


class TestStates:
    @pytest.mark.parametrize("state", ["shipped", "delivered"])
    def test_of_an_order_do_not_change_cancelled_lines(self, checked: Case, state: str) -> None:
        """A state of the order without states of lines applies to the remaining lines."""
        checked.place()
        checked.request(approve_request)

        assert is_stored(checked.send(state=state))

        assert [item.state for item in checked.order.items] == [OrderState.CANCELLED, state]

    def test_of_a_cancelled_order_can_not_change(self, case: Case) -> None:
        case.place()
        for item in case.order.items:
            request = case.cancellations.create(case.order, case.cancellations.draft(item.pk))
            case.cancellations.decide(approve_request, request.pk)

        assert case.rejection(state="shipped") == ("settled_here", "/state")

    def test_of_a_line_can_not_go_back_after_an_open_cancellation(self, case: Case) -> None:
        waits = {"state": "cancellation_waiting", "state_before_cancellation": "shipped"}
        case.place({**waits, "shipped_date": YESTERDAY}, state="shipped")

        assert case.rejection({"state": "waiting"}) == ("settled_here", "/items/0/state")

    def test_of_an_order_can_not_go_back_after_an_open_cancellation(self, case: Case) -> None:
        case.place(state="shipped")
        case.send(state="cancellation_waiting")

        assert case.rejection(state="approved") == ("settled_here", "/state")

    def test_before_an_open_cancellation_are_not_lost(self, case: Case) -> None:
        waits = {"state": "cancellation_waiting", "state_before_cancellation": "packaged"}
        case.place(waits)

        case.send({"state_before_cancellation": None}, notes="new")

        assert case.order.items[0].progress is OrderState.PACKAGED

    def test_of_a_new_order_wait_only_for_an_open_request(self, checked: Case) -> None:
        checked.place({**imported_request(status="rejected"), "state": "cancellation_waiting"})

        assert checked.order.items[0].state is OrderState.WAITING


class TestRefunds:
    def test_of_an_earlier_document_are_not_repeated(self, checked: Case) -> None:
        checked.place(imported_request(status="approved"))
        checked.send(imported_request(status="approved"), refund_amount="50.00")

        checked.send(imported_request(status="completed"))

        assert checked.order.refund_amount == 5000

    def test_of_a_line_do_not_shrink_by_an_unpaid_return_of_another(self, checked: Case) -> None:
        returned = imported_request(cancellation_type="refund", status="completed")
        checked.place(DELIVERED, state="delivered", payment_pending=True)
        checked.document["items"][1] |= DELIVERED | returned
        assert is_stored(checked.send())
        checked.request(approve_request)

        assert is_stored(checked.send(payment_pending=False))

        assert checked.order.refund_amount == 2000

    def test_in_advance_do_not_reject_later_documents(self, case: Case) -> None:
        case.place(refund_amount="20.00")
        case.document.pop("refund_amount")
        case.request(approve_request, complete_request)
        lines = [case.document["items"][0], case.document["items"][1] | {"state": "cancelled"}]

        assert is_stored(case.send(items=lines))

        assert case.order.refund_amount == 17900

    def test_of_shipping_in_advance_are_not_repeated(self, case: Case) -> None:
        case.place(shipping_refund_amount="9.00")
        case.document.pop("shipping_refund_amount")
        lines = [line | {"state": "cancelled"} for line in case.document["items"]]

        assert is_stored(case.send(items=lines))

        assert (case.order.refund_amount, case.order.shipping_refund_amount) == (17900, 900)

    def test_of_shipping_must_be_part_of_the_whole_refund(self, case: Case) -> None:
        case.place()

        with pytest.raises(Rejected, match="part of the refund amount"):
            case.send(refund_amount="0.00", shipping_refund_amount="9.00")

    def test_that_are_promised_for_a_settled_line_count(self, case: Case) -> None:
        returned = imported_request(cancellation_type="refund", status="approved")
        case.place({**DELIVERED, **returned}, state="delivered", refund_amount="100.00")
        case.document.pop("refund_amount")
        case.request(approve_request, quantity=1)
        lines = [case.document["items"][0], case.document["items"][1] | {"unit_price": "1.00"}]

        code, place = case.rejection(items=lines)

        assert (code, place) == ("settled_here", "/refund_amount")

    def test_of_discounts_never_exceed_the_discounts(self, case: Case) -> None:
        discounts = [{"name": "A", "amount": "17.00"}]
        case.place(discounts=discounts, discount_refund_amount="10.00")
        case.document.pop("discount_refund_amount")
        case.request(approve_request)

        assert is_stored(case.send(notes="new"))

        [plan] = case.order.cancellation_plans
        assert plan.discount_refund_amount == 700

    def test_as_loyalty_money_are_stored_once(self, checked: Case) -> None:
        checked.place()
        pk = checked.request(approve_request, complete_request, fully_refund_as_loyalty_money=True)
        [request] = [
            stored for stored in checked.order.items[0].cancellation_requests if stored.pk == pk
        ]
        row = {"amount": "150.00", "reference": str(request.uuid)}

        assert is_stored(checked.send(loyalty_transactions=[row]))
        assert checked.rejection(loyalty_transactions=[row | {"amount": "1.00"}]) == (
            "settled_here",
            "/loyalty_transactions/0/amount",
        )

        [transactions] = checked.order.loyalty_transactions
        assert transactions.amount == 15000

    def test_as_loyalty_money_of_a_document_are_not_repeated(self, checked: Case) -> None:
        checked.place()
        pk = checked.request(approve_request, fully_refund_as_loyalty_money=True)
        [request] = checked.order.items[0].cancellation_requests
        row = {"amount": "150.00", "reference": str(request.uuid)}
        checked.send(loyalty_transactions=[row])

        checked.cancellations.decide(complete_request, pk)

        assert len(checked.order.loyalty_transactions) == 1


class TestRequests:
    def test_can_not_change_their_type(self, case: Case) -> None:
        case.place({**DELIVERED, **imported_request(cancellation_type="refund")}, state="delivered")

        rejection = case.rejection(imported_request(cancellation_type="cancel"))

        place = "/items/0/cancellation_requests/0/cancellation_type"
        assert rejection == ("settled_here", place)

    def test_to_return_are_completed_beside_one_of_waybill(self, checked: Case) -> None:
        returned = {"cancellation_type": "refund", "status": "approved"}
        checked.place({**DELIVERED, **imported_request(**returned)}, state="delivered")
        checked.request(approve_request, complete_request, quantity=1)

        done = imported_request(**returned | {"status": "completed"})
        assert is_stored(checked.send(done))
        assert is_stored(checked.send({**done, "refunded_quantity": 2}, notes="counted"))

        assert (checked.order.items[0].refunded_quantity, checked.order.refund_amount) == (2, 10000)

    @pytest.mark.parametrize(("decisions", "refund"), [((), 5000), ((complete_request,), 10000)])
    def test_to_cancel_are_completed_beside_one_of_waybill(
        self, checked: Case, decisions: tuple[Any, ...], refund: int
    ) -> None:
        checked.place(imported_request(status="approved"))
        checked.request(approve_request, *decisions, quantity=1)

        assert is_stored(checked.send(imported_request(status="completed")))

        assert (checked.order.items[0].cancelled_quantity, checked.order.refund_amount) == (
            2,
            refund,
        )

    def test_are_possible_after_one_that_waybill_rejected(self, checked: Case) -> None:
        checked.place(imported_request())
        [request] = checked.order.items[0].cancellation_requests
        checked.cancellations.decide(reject_request, request.pk)
        new = request_document(cancellation_type="cancel", quantity=1, uuid=OTHER_UUID)
        known = imported_request()["cancellation_requests"]

        assert is_stored(checked.send({"cancellation_requests": [*known, new]}))

    def test_may_be_in_any_order(self, checked: Case) -> None:
        checked.place(imported_request())
        new = request_document(cancellation_type="cancel", quantity=1, uuid=OTHER_UUID)
        rejected = imported_request(status="rejected")["cancellation_requests"]

        assert is_stored(checked.send({"cancellation_requests": [new, *rejected]}))

    def test_of_several_documents_add_up(self, checked: Case) -> None:
        checked.place(imported_request(status="completed"))
        later = request_document(
            cancellation_type="cancel", status="completed", quantity=1, uuid=OTHER_UUID
        )

        assert is_stored(checked.send({"cancellation_requests": [later]}))

        assert (checked.order.items[0].cancelled_quantity, checked.order.refund_amount) == (
            2,
            10000,
        )

    def test_without_a_quantity_have_all_units_not_being_returned(self, checked: Case) -> None:
        returns = [
            request_document(status="approved", quantity=1, uuid=UUID),
            request_document(uuid=OTHER_UUID),
        ]
        checked.place({**DELIVERED, "cancellation_requests": returns}, state="delivered")
        [_, all_left] = checked.order.items[0].cancellation_requests

        checked.cancellations.decide(approve_request, all_left.pk)

        assert checked.order.items[0].available_quantity == 0

    def test_of_an_earlier_release_accept_a_quantity(self, case: Case, engines: Engines) -> None:
        case.place(imported_request(status="approved", quantity=3))
        with engines.writing.begin() as connection:
            connection.execute(sa.update(cancellation_requests).values(quantity=None))

        assert is_stored(case.send(imported_request(status="approved", quantity=3), notes="new"))

    def test_to_return_need_a_shipped_line(self, case: Case) -> None:
        case.place()

        with pytest.raises(Rejected, match="nothing to send back"):
            case.send(imported_request(cancellation_type="refund"))

    def test_of_a_line_that_its_seller_rejects_are_closed(self, checked: Case) -> None:
        checked.place(imported_request())
        [item, _] = checked.order.items
        assert item.seller is not None
        caller = SellerCaller(item.seller.pk, token_pk=1, scopes=frozenset(Scope))
        with checked.database.writing() as uow:
            reject_seller_order_item(caller, item.uuid, None, uow)
            uow.commit()

        assert is_stored(checked.send(imported_request(), notes="as the shop knows it"))


class TestPlans:
    def test_have_no_refund_of_a_request_that_a_document_rejects(self, checked: Case) -> None:
        checked.place()
        checked.request(approve_request, quantity=1)
        assert is_stored(checked.send(imported_request()))

        assert is_stored(checked.send(imported_request(status="rejected")))

        refunds = [plan.refund_amount for plan in checked.order.cancellation_plans]
        assert sorted(refunds) == [0, 5000]

    def test_of_unpaid_orders_keep_the_forecast_of_open_requests(self, checked: Case) -> None:
        checked.place(imported_request(), payment_pending=True)
        second = checked.order.items[1]
        request = checked.cancellations.create(
            checked.order, checked.cancellations.draft(second.pk)
        )

        checked.cancellations.decide(approve_request, request.pk)

        plan_items = [item for plan in checked.order.cancellation_plans for item in plan.items]
        assert {item.unpaid_amount for item in plan_items} == {5000, 2000}

    def test_with_requests_of_waybill_ignore_documents(self, checked: Case) -> None:
        values = {"plan": {"status": "waiting"}}
        checked.place(imported_request(**values))
        second = line_document(line=3, quantity=2, seller={"slug": "a", "name": "A"})
        checked.document["items"].append(second)
        checked.send()
        item = checked.order.items[-1]
        request = checked.cancellations.create(checked.order, checked.cancellations.draft(item.pk))
        checked.cancellations.decide(approve_request, request.pk)

        checked.send(imported_request(plan={"status": "completed"}), notes="new")

        [plan] = checked.order.cancellation_plans
        assert plan.status is PlanStatus.WAITING


class TestDocumentDate:
    def test_is_not_removed_by_documents_without_one(self, case: Case) -> None:
        case.place(modified_date="2026-02-23T09:00:00Z")
        case.document.pop("modified_date")
        case.send(notes="undated")

        result = case.send(notes="older", modified_date="2026-02-21T09:00:00Z")

        assert result == ImportResult(case.pk, Outcome.OLDER)


def test_a_line_is_not_added_to_an_order_that_was_cancelled_here(case: Case) -> None:
    case.place()
    for item in case.order.items:
        request = case.cancellations.create(case.order, case.cancellations.draft(item.pk))
        case.cancellations.decide(approve_request, request.pk)
    came_back = line_document(
        line=3,
        state="refunded",
        shipped_date=YESTERDAY,
        delivered_date=YESTERDAY,
        created_date=(case.order.created_date + timedelta(hours=1)).isoformat(),
    )

    lines: list[Any] = [*case.document["items"], came_back]
    assert case.rejection(items=lines) == ("settled_here", "/items/2")
