from domain.orders.cancellation_plans import PlanStatus
from domain.orders.cancellations import CancellationType
from tests.support.seller_views import ID, OTHER, make_plan_view, render


class TestSellerCancellationPlan:
    def test_names_its_items_in_their_order(self) -> None:
        shown = render("SellerCancellationPlan", make_plan_view(order_items=(OTHER, ID)))

        assert shown["order_items"] == [str(OTHER), str(ID)]

    def test_shows_amounts_and_codes(self) -> None:
        view = make_plan_view(status=PlanStatus.FAILED, plan_type=CancellationType.REFUND)

        shown = render("SellerCancellationPlan", view)

        assert (shown["status"], shown["plan_type"]) == ("failed", "refund")
        assert shown["refund_amount"] == "1.00"

    def test_shows_how_it_is_paid(self) -> None:
        plan = {"parts": [{"amount": "1.00"}]}

        shown = render("SellerCancellationPlan", make_plan_view(payment_plan=plan))

        assert shown["payment_plan"] == plan
