"""The operation of openapi/seller_center/cancellation_plans.yaml."""

from typing import Any

from domain.seller_center import cancellation_plans as seller_cancellation_plans
from handlers.contract.asgi.prefetch import prefetched
from handlers.contract.operations.responses import DocumentList
from handlers.seller_center.lists import seller_query
from handlers.web.pagination import envelope
from handlers.web.request_context import language, reading, seller


@prefetched
def list_seller_cancellation_plans(**values: Any) -> DocumentList:
    with reading() as uow:
        listed = seller_cancellation_plans.list_seller_cancellation_plans(
            seller(), seller_query(**values), language(), uow
        )
    return envelope("SellerCancellationPlan", listed)
