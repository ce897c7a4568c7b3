"""The operation of openapi/seller_center/orders.yaml."""

from typing import Any

from domain.seller_center import orders as seller_orders
from handlers.contract.asgi.prefetch import prefetched
from handlers.contract.operations.responses import DocumentList
from handlers.seller_center.lists import seller_query
from handlers.web.pagination import envelope
from handlers.web.request_context import language, reading, seller


@prefetched
def list_seller_orders(**values: Any) -> DocumentList:
    with reading() as uow:
        listed = seller_orders.list_seller_orders(seller(), seller_query(**values), language(), uow)
    return envelope("SellerOrder", listed)
