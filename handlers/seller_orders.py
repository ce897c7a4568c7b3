"""The operation of openapi/seller_orders.yaml."""

from typing import Any

from domain import seller_orders
from handlers.context import reading, seller
from handlers.paging import record_page
from handlers.seller_lists import seller_query


def list_seller_orders(**values: Any) -> dict[str, Any]:
    with reading() as uow:
        listed = seller_orders.list_seller_orders(seller(), seller_query(**values), uow)
    return record_page("SellerOrder", listed)
