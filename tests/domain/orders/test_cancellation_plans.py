import pytest

from domain.orders.cancellation_plans import CancellationPlan, CancellationPlanItem, PlanStatus
from domain.orders.cancellations import CancellationStatus, CancellationType
from domain.sellers.sellers import Seller
from tests.support.builders import NOW, make_request, make_seller

SELLER, OTHER = make_seller(), make_seller(name="Bakırcı Usta")
CANCEL, REFUND = CancellationType.CANCEL, CancellationType.REFUND


def make_plan(
    *items: CancellationPlanItem, status: PlanStatus = PlanStatus.WAITING
) -> CancellationPlan:
    plan = CancellationPlan(seller=SELLER, plan_type=CANCEL, created_date=NOW, modified_date=NOW)
    plan.status = status
    plan.items = list(items)
    return plan


def planned(
    status: CancellationStatus = CancellationStatus.OPEN, **amounts: int
) -> CancellationPlanItem:
    return CancellationPlanItem(request=make_request(status=status), **amounts)


class TestAccepts:
    @pytest.mark.parametrize(
        ("kind", "seller", "status", "is_accepted"),
        [
            (CANCEL, SELLER, PlanStatus.WAITING, True),
            (REFUND, SELLER, PlanStatus.WAITING, False),
            (CANCEL, OTHER, PlanStatus.WAITING, False),
            (CANCEL, None, PlanStatus.WAITING, False),
            (CANCEL, SELLER, PlanStatus.APPROVED, False),
            (REFUND, OTHER, PlanStatus.APPROVED, False),
        ],
    )
    def test_is_true_for_its_type_and_seller_while_it_waits(
        self, kind: CancellationType, seller: Seller | None, status: PlanStatus, is_accepted: bool
    ) -> None:
        assert make_plan(status=status).accepts(kind, seller) is is_accepted


class TestAmounts:
    def test_are_zero_by_default(self) -> None:
        item = planned()

        amounts = [item.refund_amount, item.discount_refund_amount]
        shipping = [item.shipping_refund_amount, item.own_shipping_refund_amount]
        assert amounts + shipping == [0, 0, 0, 0]

    def test_are_the_sums_of_all_requests(self) -> None:
        plan = make_plan(
            planned(refund_amount=500, discount_refund_amount=20, shipping_refund_amount=3),
            planned(refund_amount=60, discount_refund_amount=7, shipping_refund_amount=4),
        )

        assert (plan.refund_amount, plan.discount_refund_amount) == (560, 27)
        assert plan.shipping_refund_amount == 7


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["open", "approved", "completed", "rejected"], PlanStatus.WAITING),
        (["approved", "completed", "rejected"], PlanStatus.APPROVED),
        (["completed", "rejected"], PlanStatus.COMPLETED),
        (["rejected"], PlanStatus.REJECTED),
    ],
)
def test_the_status_is_derived_from_the_requests(statuses: list[str], expected: PlanStatus) -> None:
    plan = make_plan(*(planned(CancellationStatus(status)) for status in statuses))

    plan.refresh_status(NOW)

    assert plan.status is expected
