from typing import Any

import pytest

from domain.cancellations.decisions import (
    RequestSummary,
    approve_request,
    complete_request,
    list_all_requests,
    mark_plan,
    reject_request,
    show_request,
)
from domain.cancellations.refunds import planned_requests
from domain.orders.cancellation_plans import PlanStatus
from domain.orders.cancellations import CancellationStatus, CancelStatus
from domain.orders.loyalty import LoyaltyTransaction
from domain.orders.states import OrderState
from domain.outbox import OutboxKind
from domain.shared.errors import Conflict, InvalidPage, NotFound
from domain.shared.identifiers import MAX_PK
from domain.shared.paging import PageRequest
from tests.support.builders import (
    NOW,
    make_discount,
    make_easy_return_company,
    make_request,
    make_seller,
)
from tests.support.cancellation_fakes import (
    OPERATOR,
    POLICY,
    REFUND,
    Case,
    FakeUnitOfWork,
    delivered_item,
    stored_item,
    stored_order,
)

DECISIONS = (approve_request, reject_request, complete_request)


class TestApprove:
    def test_cancels_the_units_of_a_cancellation(self) -> None:
        case = Case(stored_order(stored_item(quantity=3, state=OrderState.PACKAGED)))

        case.decide(case.create(quantity=2), approve_request)

        item = case.order.items[0]
        assert (item.cancelled_quantity, item.state) == (2, OrderState.PACKAGED)
        assert item.cancel_status is CancelStatus.APPROVED
        assert item.cancellable_quantity == 1

    def test_cancels_a_line_without_remaining_units(self) -> None:
        case = Case(stored_order(stored_item(quantity=2), stored_item()))

        case.decide(case.create(), approve_request)

        assert case.order.items[0].state is OrderState.CANCELLED
        assert case.order.state is OrderState.WAITING

    @pytest.mark.parametrize("other", [OrderState.CANCELLED, OrderState.REJECTED])
    def test_cancels_an_order_without_remaining_lines(self, other: OrderState) -> None:
        case = Case(stored_order(stored_item(state=other), stored_item()))

        case.decide(case.create(line=2), approve_request)

        assert case.order.state is other
        assert case.order.is_cancelled

    def test_does_not_yet_refund_the_units_of_a_return(self) -> None:
        case = Case(stored_order(delivered_item(quantity=3)))

        case.decide(case.create(quantity=2, cancellation_type=REFUND), approve_request)

        item = case.order.items[0]
        assert (item.refunded_quantity, item.state) == (0, OrderState.DELIVERED)
        assert item.refundable_quantity(NOW, POLICY.returns) == 1

    def test_refunds_no_money_yet(self) -> None:
        case = Case(stored_order())

        case.decide(case.create(), approve_request)

        assert case.order.refund_amount == 0
        assert case.order.cancellation_plans[0].refund_amount == 10000
        assert case.order.cancellation_plans[0].status is PlanStatus.APPROVED

    def test_fails_when_the_line_was_shipped_meanwhile(self) -> None:
        case = Case(stored_order())
        request = case.create()
        case.order.items[0].state = OrderState.SHIPPED

        with pytest.raises(Conflict, match="shipped"):
            case.decide(request, approve_request)

    def test_fails_when_fewer_units_remain(self) -> None:
        case = Case(stored_order(stored_item(quantity=2)))
        request = case.create()
        case.order.items[0].cancelled_quantity = 1

        with pytest.raises(Conflict, match="fewer units"):
            case.decide(request, approve_request)

    def test_enqueues_an_email_and_is_audited(self) -> None:
        case = Case(stored_order())
        request = case.create()

        case.decide(request, approve_request)

        assert case.uow.outbox.kinds[1:] == [OutboxKind.CANCELLATION_APPROVED]
        assert case.uow.audit.changes(request.uuid)[1:] == [("open", "approved")]
        assert case.uow.audit.entries(request.uuid)[1].actor == OPERATOR
        assert case.uow.audit.changes(case.order.uuid) == [("waiting", "cancelled")]
        assert case.uow.commits == 1


class TestReject:
    def test_restores_the_state_of_the_line(self) -> None:
        case = Case(stored_order(stored_item(state=OrderState.PACKAGED)))

        case.decide(case.create(), reject_request)

        item = case.order.items[0]
        assert (item.state, item.state_before_cancellation) == (OrderState.PACKAGED, None)
        assert (item.cancel_status, item.cancelled_quantity) == (CancelStatus.REJECTED, 0)
        assert item.is_cancellable

    def test_refunds_nothing(self) -> None:
        case = Case(stored_order())

        case.decide(case.create(), reject_request)

        [plan] = case.order.cancellation_plans
        assert (plan.status, plan.refund_amount) == (PlanStatus.REJECTED, 0)

    def test_cancels_the_easy_return(self) -> None:
        company = make_easy_return_company()
        case = Case(stored_order(delivered_item(easy_return_companies=[company])))
        request = case.create(cancellation_type=REFUND, shipping_company=company.pk)

        case.decide(request, reject_request)

        assert request.easy_return is not None
        assert (request.easy_return.status, request.easy_return.end_date) == ("cancelled", NOW)
        assert case.order.items[0].state is OrderState.DELIVERED


class TestComplete:
    def test_refunds_the_goods_less_their_discount(self) -> None:
        discounts = [make_discount(amount=1000)]
        case = Case(stored_order(stored_item(quantity=4), discounts=discounts, shipping_amount=850))

        case.complete(quantity=1)

        order = case.order
        assert (order.refund_amount, order.discount_refund_amount) == (2250, 250)
        assert order.shipping_refund_amount == 0
        assert order.cancellation_plans[0].status is PlanStatus.COMPLETED

    def test_refunds_shipping_with_the_last_line(self) -> None:
        case = Case(stored_order(stored_item(), stored_item(), shipping_amount=850))

        case.complete(line=1)
        assert case.order.shipping_refund_amount == 0
        case.complete(line=2)

        assert case.order.refund_amount == case.order.amount == 20850
        assert case.order.shipping_refund_amount == 850

    def test_divides_the_refunded_shipping_between_sellers(self) -> None:
        lines = [stored_item(seller=make_seller(pk=pk), price=1000 * pk) for pk in (1, 3)]
        case = Case(stored_order(*lines, shipping_amount=800))
        case.complete(1)

        request = case.complete(2)

        planned = [planned for _, planned in planned_requests(case.order).values()]
        assert [plan_item.own_shipping_refund_amount for plan_item in planned] == [0, 600]
        assert planned[1].request is request
        assert planned[1].shipping_refund_amount == 800

    def test_does_not_refund_shipping_if_a_line_was_shipped(self) -> None:
        case = Case(stored_order(stored_item(), delivered_item(), shipping_amount=850))

        case.complete(line=1)
        case.complete(line=2, cancellation_type=REFUND)

        assert case.order.refund_amount == 20000
        assert case.order.shipping_refund_amount == 0

    def test_does_not_refund_interest(self) -> None:
        case = Case(stored_order(installment_interest_amount=500))

        case.complete()

        assert case.order.refund_amount == 10000

    def test_refunds_nothing_before_the_payment(self) -> None:
        case = Case(stored_order(payment_pending=True, shipping_amount=850))

        case.complete()

        assert case.order.refund_amount == case.order.shipping_refund_amount == 0
        assert case.order.items[0].state is OrderState.CANCELLED

    def test_counts_the_units_of_a_return_as_refunded(self) -> None:
        company = make_easy_return_company()
        line = delivered_item(quantity=2, easy_return_companies=[company])
        case = Case(stored_order(line))

        request = case.complete(cancellation_type=REFUND, shipping_company=company.pk)

        assert (line.refunded_quantity, line.state) == (2, OrderState.REFUNDED)
        assert line.cancel_status is CancelStatus.COMPLETED
        assert case.order.state is OrderState.REFUNDED
        assert request.easy_return is not None
        assert request.easy_return.status == "completed"

    def test_partial_refunds_add_up_to_the_paid_amount(self) -> None:
        discounts = [make_discount(amount=101)]
        case = Case(stored_order(stored_item(quantity=3, price=1000), discounts=discounts))

        refunds = []
        for _ in range(3):
            before = case.order.refund_amount
            case.complete(quantity=1)
            refunds.append(case.order.refund_amount - before)

        assert sum(refunds) == case.order.amount == 899
        assert max(refunds) - min(refunds) <= 1
        assert case.order.discount_refund_amount == 101

    def test_refunds_as_loyalty_money(self) -> None:
        case = Case(stored_order())

        request = case.complete(fully_refund_as_loyalty_money=True)

        [transaction] = case.order.loyalty_transactions
        assert (transaction.amount, transaction.user_pk) == (10000, 1)
        assert transaction.reference == str(request.uuid)
        assert case.order.refund_amount == 10000

    def test_creates_no_loyalty_transaction_for_a_refund_of_zero(self) -> None:
        case = Case(stored_order(payment_pending=True))

        case.complete(fully_refund_as_loyalty_money=True)

        assert case.order.loyalty_transactions == []


class TestTransitions:
    @pytest.mark.parametrize("service", DECISIONS)
    @pytest.mark.parametrize("done", [CancellationStatus.REJECTED, CancellationStatus.COMPLETED])
    def test_a_closed_request_can_not_change(self, service: Any, done: CancellationStatus) -> None:
        request = make_request(status=done, quantity=1)
        uow = FakeUnitOfWork(stored_order(stored_item(cancellation_requests=[request])))

        with pytest.raises(Conflict) as caught:
            service(request.pk, OPERATOR, uow)

        assert caught.value.params["present"] == done
        assert (uow.commits, uow.outbox.added, uow.audit.added) == (0, [], [])

    @pytest.mark.parametrize("services", [(complete_request,), (approve_request,) * 2])
    def test_a_step_can_neither_be_skipped_nor_repeated(self, services: Any) -> None:
        case = Case(stored_order())

        with pytest.raises(Conflict):
            case.decide(case.create(), *services)

    @pytest.mark.parametrize("service", [*DECISIONS, show_request])
    @pytest.mark.parametrize("pk", [0, 404, MAX_PK + 1])
    def test_an_absent_request_is_not_found(self, service: Any, pk: int) -> None:
        arguments = (pk,) if service is show_request else (pk, OPERATOR)

        with pytest.raises(NotFound):
            service(*arguments, FakeUnitOfWork(stored_order()))


class TestShow:
    def test_has_the_order_the_plan_and_the_audit_entries(self) -> None:
        case = Case(stored_order())
        request = case.create()

        shown = show_request(request.pk, case.uow)

        assert (shown.order, shown.item) == (case.order, case.order.items[0])
        assert shown.plan is case.order.cancellation_plans[0]
        assert shown.plan_item is shown.plan.items[0]
        assert [entry.to_state for entry in shown.audit] == ["open"]

    def test_an_imported_one_has_no_plan(self) -> None:
        request = make_request()
        uow = FakeUnitOfWork(stored_order(stored_item(cancellation_requests=[request])))

        assert show_request(request.pk, uow).plan is None


class TestList:
    def test_has_the_requests_of_all_users(self) -> None:
        case = Case(stored_order())
        request = case.create()

        page = list_all_requests(CancellationStatus.OPEN, PageRequest(), case.uow)

        assert page.entries == [RequestSummary(case.order.number, request)]
        assert case.uow.cancellation_requests.queries[0].user_pk is None

    def test_has_no_page_past_its_end(self) -> None:
        with pytest.raises(InvalidPage):
            list_all_requests(None, PageRequest(2), FakeUnitOfWork())


class TestMarkPlan:
    def test_sets_any_documented_status(self) -> None:
        case = Case(stored_order())
        case.create()
        [plan] = case.order.cancellation_plans

        mark_plan(plan.pk, PlanStatus.MANUEL_REFUND_NEED, "IBAN closed", OPERATOR, case.uow)

        assert (plan.status, plan.note) == (PlanStatus.MANUEL_REFUND_NEED, "IBAN closed")
        assert case.uow.audit.entries(plan.uuid)[-1].note == "IBAN closed"

    def test_lasts_until_a_request_changes_its_status(self) -> None:
        case = Case(stored_order())
        request = case.create()
        [plan] = case.order.cancellation_plans
        mark_plan(plan.pk, PlanStatus.WAITING_SUPPLIER, None, OPERATOR, case.uow)

        case.decide(request, approve_request)

        assert plan.status is PlanStatus.APPROVED

    @pytest.mark.parametrize("pk", [0, 404, MAX_PK + 1])
    def test_an_absent_plan_is_not_found(self, pk: int) -> None:
        with pytest.raises(NotFound):
            mark_plan(pk, PlanStatus.FAILED, None, OPERATOR, FakeUnitOfWork(stored_order()))


def test_loyalty_money_from_a_document_is_not_refunded_again() -> None:
    case = Case(stored_order(stored_item(quantity=2, price=10000)))
    first = case.create(quantity=1, fully_refund_as_loyalty_money=True)
    case.decide(first, approve_request)
    case.order.loyalty_transactions.append(
        LoyaltyTransaction(
            user_pk=case.order.user_pk,
            user_email=case.order.user_email,
            amount=5000,
            reference=str(first.uuid),
        )
    )

    case.decide(first, complete_request)
    second = case.complete(quantity=1, fully_refund_as_loyalty_money=True)

    references = [row.reference for row in case.order.loyalty_transactions]
    assert references == [str(first.uuid), str(second.uuid)]
