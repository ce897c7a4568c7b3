from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.audit import Subject
from domain.cancellations.decisions import complete_request
from domain.orders.cancellation_plans import PlanStatus
from domain.orders.cancellations import CancellationStatus, CancelStatus
from domain.orders.orders import Order
from domain.orders.states import OrderState
from domain.outbox import OutboxKind
from domain.seller_center.order_items import reject_seller_order_item
from domain.sellers.callers import Scope, SellerCaller
from domain.sellers.sellers import Seller
from domain.shared.errors import InvalidInput, NotFound
from tests.support.builders import make_request, make_seller
from tests.support.cancellation_fakes import Case, stored_item, stored_order

SELLER = make_seller(pk=7)
CALLER = SellerCaller(SELLER.pk, 1, frozenset(Scope))


def own_item(seller: Seller | None = SELLER, **overrides: Any) -> Any:
    return stored_item(**{"seller": seller} | overrides)


def case_of(*items: Any, **overrides: Any) -> Case:
    return Case(stored_order(*items, **overrides))


def reject(case: Case, line: int = 1, reason: str | None = None) -> None:
    uuid = case.order.items[line - 1].uuid
    reject_seller_order_item(CALLER, uuid, reason, case.uow)
    case.uow.commit()


class TestReject:
    def test_cancels_all_units_and_plans_their_refund(self) -> None:
        case = case_of(own_item(price=1000, quantity=3), shipping_amount=50)

        reject(case, reason="Broken")

        item = case.order.items[0]
        [plan] = case.order.cancellation_plans
        [request] = item.cancellation_requests
        assert (item.state, item.cancelled_quantity) == (OrderState.REJECTED, 3)
        assert item.cancel_status is CancelStatus.APPROVED
        assert (plan.status, plan.plan_type) == (PlanStatus.APPROVED, "cancel")
        assert (plan.refund_amount, plan.shipping_refund_amount) == (1050, 50)
        assert (request.status, request.description) == (CancellationStatus.APPROVED, "Broken")
        assert case.order.state is OrderState.REJECTED

    def test_is_completed_by_the_operator(self) -> None:
        case = case_of(own_item(price=1000))
        reject(case)

        case.decide(case.order.items[0].cancellation_requests[0], complete_request)

        assert case.order.refund_amount == 1000
        assert case.order.cancellation_plans[0].status is PlanStatus.COMPLETED
        assert case.order.items[0].state is OrderState.REJECTED

    @pytest.mark.parametrize("change", ["removed", "sold by another"])
    def test_of_a_line_that_an_import_changes_meanwhile_finds_nothing(
        self, monkeypatch: pytest.MonkeyPatch, change: str
    ) -> None:
        case = case_of(own_item(), stored_item())
        item = case.order.items[0]

        def lock(*_: object) -> Order:
            if change == "removed":
                case.order.items.remove(item)
            else:
                item.seller = make_seller(pk=8)
            return case.order

        monkeypatch.setattr(case.uow.orders, "lock_by_seller", lock)

        with pytest.raises(NotFound):
            reject(case)
        assert item.state is OrderState.WAITING

    def test_leaves_other_lines_unchanged(self) -> None:
        case = case_of(own_item(), stored_item(), shipping_amount=50)

        reject(case)

        assert case.order.state is OrderState.WAITING
        assert case.order.items[1].state is OrderState.WAITING
        assert case.order.cancellation_plans[0].shipping_refund_amount == 0

    def test_approves_open_requests(self) -> None:
        case = case_of(own_item(price=1000, quantity=4))
        request = case.create(quantity=1)

        reject(case)

        item = case.order.items[0]
        assert request.status is CancellationStatus.APPROVED
        assert (item.state, item.cancelled_quantity) == (OrderState.REJECTED, 4)
        assert [plan.refund_amount for plan in case.order.cancellation_plans] == [250, 750]
        assert {plan.status for plan in case.order.cancellation_plans} == {PlanStatus.APPROVED}

    def test_adds_no_request_if_all_units_have_one(self) -> None:
        case = case_of(own_item(quantity=2))
        request = case.create()

        reject(case)

        assert case.order.items[0].cancellation_requests == [request]
        assert case.order.items[0].state is OrderState.REJECTED

    def test_leaves_requests_for_other_lines_open(self) -> None:
        case = case_of(own_item(), own_item())
        case.create(line=2)

        reject(case)

        assert [plan.status for plan in case.order.cancellation_plans] == [
            PlanStatus.WAITING,
            PlanStatus.APPROVED,
        ]

    def test_has_a_reason_that_shoppers_can_not_choose(self) -> None:
        case = case_of(own_item(), own_item())

        reject(case)
        reject(case, line=2)

        pks = {item.cancellation_requests[0].reason_pk for item in case.order.items}
        [reason] = case.uow.cancellation_reasons.by_pks(pks).values()
        assert not reason.is_active

    def test_has_no_effect_the_second_time(self) -> None:
        case = case_of(own_item())
        reject(case)
        before = (len(case.uow.audit.added), len(case.uow.outbox.added))

        reject(case)

        assert (len(case.uow.audit.added), len(case.uow.outbox.added)) == before
        assert len(case.order.cancellation_plans) == 1

    def test_sends_an_email_and_is_audited(self) -> None:
        case = case_of(own_item(price=1000, quantity=2))

        reject(case, reason="Broken")

        [event] = case.uow.outbox.added
        item_uuid = case.order.items[0].uuid
        [entry] = case.uow.audit.entries(item_uuid)
        assert event.kind is OutboxKind.ITEM_REJECTED
        assert [request["refund_amount"] for request in event.payload["requests"]] == ["10.00"]
        assert (entry.actor, entry.to_state, entry.note) == ("seller:7", "rejected", "Broken")
        assert {entry.subject for entry in case.uow.audit.added} == {
            Subject.ORDER,
            Subject.ORDER_ITEM,
            Subject.CANCELLATION_REQUEST,
            Subject.CANCELLATION_PLAN,
        }


class TestRejectableItems:
    @pytest.mark.parametrize("state", ["waiting", "approved", "package_waiting"])
    def test_are_those_before_packaging(self, state: str) -> None:
        case = case_of(own_item(state=OrderState(state)))

        reject(case)

        assert case.order.items[0].state is OrderState.REJECTED

    @pytest.mark.parametrize("state", ["packaged", "shipped", "delivered", "cancelled", "refunded"])
    def test_are_in_no_other_state(self, state: str) -> None:
        case = case_of(own_item(state=OrderState(state)))

        with pytest.raises(InvalidInput) as refused:
            reject(case)

        assert refused.value.code == "item_not_rejectable"
        assert (case.uow.audit.added, case.uow.outbox.added) == ([], [])

    @pytest.mark.parametrize(
        ("before", "is_possible"),
        [("package_waiting", True), ("packaged", False), (None, True)],
    )
    def test_include_those_with_an_open_cancellation_unless_packaged(
        self, before: str | None, *, is_possible: bool
    ) -> None:
        item = own_item(
            state=OrderState.CANCELLATION_WAITING,
            state_before_cancellation=before and OrderState(before),
            cancellation_requests=[make_request()],
        )

        assert item.is_rejectable is is_possible

    @pytest.mark.parametrize("seller", [None, make_seller(pk=8)])
    def test_must_belong_to_the_seller(self, seller: Seller | None) -> None:
        with pytest.raises(NotFound):
            reject(case_of(own_item(seller)))

    @pytest.mark.parametrize("uuid", [UUID(int=0), uuid4()])
    def test_must_exist(self, uuid: UUID) -> None:
        with pytest.raises(NotFound):
            reject_seller_order_item(CALLER, uuid, None, case_of(own_item()).uow)
