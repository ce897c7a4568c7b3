"""The operation of openapi/seller_cancellation_plans.yaml."""

from typing import Any

from domain import seller_cancellation_plans
from handlers.context import reading, seller
from handlers.paging import record_page
from handlers.seller_lists import seller_query


def list_seller_cancellation_plans(**values: Any) -> dict[str, Any]:
    with reading() as uow:
        listed = seller_cancellation_plans.list_seller_cancellation_plans(
            seller(), seller_query(**values), uow
        )
    return record_page("SellerCancellationPlan", listed)
