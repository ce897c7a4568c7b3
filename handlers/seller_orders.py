"""The operation of openapi/seller_orders.yaml."""

from typing import Any

from domain import seller_orders
from handlers.context import language, reading, seller
from handlers.contract.foresight import foreseen
from handlers.contract.responses import DocumentList
from handlers.paging import envelope
from handlers.seller_lists import seller_query


@foreseen
def list_seller_orders(**values: Any) -> DocumentList:
    with reading() as uow:
        listed = seller_orders.list_seller_orders(seller(), seller_query(**values), language(), uow)
    return envelope("SellerOrder", listed)
