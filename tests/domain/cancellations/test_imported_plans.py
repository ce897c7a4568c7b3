"""Plans of the requests in imported orders."""

import pytest

from domain.cancellations.imported_plans import plan_imported_requests, refresh_plans
from domain.cancellations.refunds import planned_requests
from domain.orders.cancellation_plans import (
    CancellationPlan,
    CancellationPlanItem,
    ImportedPlan,
    PlanStatus,
)
from domain.orders.cancellations import CancellationStatus
from domain.orders.order_items import OrderItem
from tests.support.builders import NOW, make_request, make_seller
from tests.support.cancellation_fakes import CANCEL, stored_order
from tests.support.imported_requests import (
    LATER,
    decided_here,
    imported,
    line,
    planned,
    refund,
    returned,
)


class TestPlans:
    def test_are_shared_by_requests_of_one_time(self) -> None:
        order = planned(line(imported("completed")), line(imported("approved")))

        [plan] = order.cancellation_plans
        assert (len(plan.items), plan.status) == (2, PlanStatus.APPROVED)

    @pytest.mark.parametrize(
        "second",
        [
            line(imported("approved", created_date=LATER)),
            line(imported("approved"), seller=make_seller()),
            line(returned("approved")),
            line(imported("open")),
        ],
        ids=["time", "seller", "type", "open"],
    )
    def test_are_not_shared_by_others(self, second: OrderItem) -> None:
        order = planned(line(imported("completed")), second)

        assert [len(plan.items) for plan in order.cancellation_plans] == [1, 1]

    def test_of_requests_made_here_are_not_shared(self) -> None:
        here, plan = decided_here()

        order = planned(here, line(imported("completed")), cancellation_plans=[plan])

        assert [len(plan.items) for plan in order.cancellation_plans] == [1, 1]

    def test_are_in_the_order_of_their_requests(self) -> None:
        order = planned(
            line(imported("completed", created_date=LATER)), line(imported("completed"))
        )

        assert [plan.created_date for plan in order.cancellation_plans] == [NOW, LATER]

    def test_keep_amounts_beside_requests_decided_here(self) -> None:
        here, plan = decided_here(refund_amount=123)
        request = imported("completed")
        here.cancellation_requests.append(request)
        plan.items.append(CancellationPlanItem(request=request, refund_amount=456))

        order = planned(here, line(imported("completed")), cancellation_plans=[plan])

        assert [item.refund_amount for item in plan.items] == [123, 456]
        assert len(order.cancellation_plans) == 2

    def test_keep_amounts_of_requests_made_here(self) -> None:
        request = make_request(quantity=1)
        _, plan = decided_here()
        plan.items = [CancellationPlanItem(request=request, refund_amount=123)]

        order = planned(line(request), line(imported("completed")), cancellation_plans=[plan])

        assert refund(order, request) == (123, 0, 0)

    def test_of_open_requests_have_a_forecast(self) -> None:
        request = imported("open")

        order = planned(line(request))

        assert refund(order, request) == (3000, 0, 0)

    def test_of_unpaid_orders_have_no_refund(self) -> None:
        open_, approved = imported("open"), imported("approved")

        order = planned(line(open_), line(approved), payment_pending=True)

        plan_items = [planned_requests(order)[request][1] for request in (open_, approved)]
        assert [item.refund_amount for item in plan_items] == [0, 0]
        assert [item.unpaid_amount for item in plan_items] == [3000, 3000]

    def test_of_rejected_requests_have_no_refund(self) -> None:
        request = imported("open")
        here, plan = decided_here(refund_amount=3000)
        here.cancellation_requests.append(request)
        order = planned(here, refund_amount=3000, cancellation_plans=[plan])
        assert refund(order, request) == (3000, 0, 0)

        request.status = CancellationStatus.REJECTED
        refresh_plans(order, {request.uuid}, {}, LATER)

        assert refund(order, request) == (0, 0, 0)


class TestSellers:
    def test_have_the_requests_of_the_lines_that_they_sell_now(self) -> None:
        moved, stays = imported("completed"), imported("completed")
        order = planned(line(moved), line(stays), refund_amount=6000)
        item = order.items[0]
        item.seller = make_seller()

        plan_imported_requests(order)

        plans = planned_requests(order)
        assert plans[moved][0].seller is item.seller
        assert plans[stays][0].seller is None
        assert [len(plan.items) for plan in order.cancellation_plans] == [1, 1]
        assert refund(order, moved) == (3000, 0, 0)

    def test_have_no_empty_plans(self) -> None:
        order = planned(line(imported("completed")))
        order.items[0].seller = make_seller()

        plan_imported_requests(order)

        [plan] = order.cancellation_plans
        assert plan.seller is order.items[0].seller

    def test_have_the_plans_of_requests_made_here(self) -> None:
        here, plan = decided_here()
        here.seller = make_seller()
        order = planned(here, line(imported("open")), cancellation_plans=[plan])

        assert order.cancellation_plans[0] is plan
        assert [len(plan.items) for plan in order.cancellation_plans] == [1, 1]


class TestRefresh:
    FIELDS = ImportedPlan(
        status=PlanStatus.CONFIRMED, note="paid", invoice_number="F1", payment_plan={"a": 1}
    )

    def test_sets_the_status_of_plans_with_a_changed_request(self) -> None:
        first, second = imported("approved"), imported("approved", created_date=LATER)
        order = planned(line(first), line(second))
        first.status = second.status = CancellationStatus.COMPLETED

        refresh_plans(order, {first.uuid}, {}, LATER)

        assert [plan.status for plan in order.cancellation_plans] == [
            PlanStatus.COMPLETED,
            PlanStatus.APPROVED,
        ]

    def test_sets_what_the_document_says(self) -> None:
        request = imported("approved")
        order = planned(line(request))

        refresh_plans(order, set(), {request.uuid: self.FIELDS}, LATER)
        refresh_plans(order, set(), {request.uuid: ImportedPlan()}, LATER)

        [plan] = order.cancellation_plans
        assert (plan.status, plan.note) == (PlanStatus.CONFIRMED, "paid")
        assert (plan.invoice_number, plan.payment_plan) == ("F1", {"a": 1})

    def test_changes_no_plan_with_a_request_made_here(self) -> None:
        here, plan = decided_here()
        request = imported("completed")
        order = planned(here, line(request), cancellation_plans=[plan])
        [_, other] = order.cancellation_plans
        plan.items += other.items
        order.cancellation_plans.remove(other)

        refresh_plans(order, set(), {request.uuid: self.FIELDS}, LATER)

        assert plan.note is None

    def test_forecasts_open_requests_made_here(self) -> None:
        request = make_request(quantity=1)
        plan = CancellationPlan(
            plan_type=CANCEL,
            created_date=NOW,
            modified_date=NOW,
            items=[CancellationPlanItem(request=request)],
        )
        order = stored_order(line(request), cancellation_plans=[plan])

        refresh_plans(order, set(), {}, LATER)

        assert refund(order, request) == (3000, 0, 0)
