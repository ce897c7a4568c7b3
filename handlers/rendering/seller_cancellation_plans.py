"""Sources of cancellation plans in the seller center."""

from domain.seller_center.cancellation_plans import SellerCancellationPlanView
from handlers.contract.operations.marshmallow_schemas import Rendering, Sources
from handlers.rendering.values import money

_AMOUNTS = ("shipping_refund_amount", "refund_amount", "discount_refund_amount")


def _order_items(plan: SellerCancellationPlanView, _rendering: Rendering) -> list[str]:
    return [str(uuid) for uuid in plan.order_items]


SELLER_CANCELLATION_PLAN = Sources(
    "SellerCancellationPlan",
    SellerCancellationPlanView,
    {**{name: money(name) for name in _AMOUNTS}, "order_items": _order_items},
)
