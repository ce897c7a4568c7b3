"""The operation of openapi/seller_cancellation_plans.yaml."""

from typing import Any

from domain import seller_cancellation_plans
from handlers.context import language, reading, seller
from handlers.contract.foresight import foreseen
from handlers.contract.responses import DocumentList
from handlers.paging import envelope
from handlers.seller_lists import seller_query


@foreseen
def list_seller_cancellation_plans(**values: Any) -> DocumentList:
    with reading() as uow:
        listed = seller_cancellation_plans.list_seller_cancellation_plans(
            seller(), seller_query(**values), language(), uow
        )
    return envelope("SellerCancellationPlan", listed)
