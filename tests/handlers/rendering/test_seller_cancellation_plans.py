from domain.orders.cancellation_plans import PlanStatus
from domain.orders.cancellations import CancellationType
from tests.support.seller_views import ID, OTHER, make_plan_view, render


class TestSellerCancellationPlan:
    def test_has_its_items_in_order(self) -> None:
        rendered = render("SellerCancellationPlan", make_plan_view(order_items=(OTHER, ID)))

        assert rendered["order_items"] == [str(OTHER), str(ID)]

    def test_shows_amounts_and_codes(self) -> None:
        view = make_plan_view(status=PlanStatus.FAILED, plan_type=CancellationType.REFUND)

        rendered = render("SellerCancellationPlan", view)

        assert (rendered["status"], rendered["plan_type"]) == ("failed", "refund")
        assert rendered["refund_amount"] == "1.00"

    def test_shows_how_it_is_paid(self) -> None:
        plan = {"parts": [{"amount": "1.00"}]}

        rendered = render("SellerCancellationPlan", make_plan_view(payment_plan=plan))

        assert rendered["payment_plan"] == plan
