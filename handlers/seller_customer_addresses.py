"""The operation of openapi/seller_customer_addresses.yaml."""

from typing import Any

from domain import seller_customer_addresses
from handlers.context import language, reading, seller
from handlers.contract.foresight import foreseen
from handlers.contract.responses import DocumentList
from handlers.paging import envelope
from handlers.seller_lists import seller_query


@foreseen
def list_seller_customer_addresses(**values: Any) -> DocumentList:
    with reading() as uow:
        listed = seller_customer_addresses.list_seller_customer_addresses(
            seller(), seller_query(**values), language(), uow
        )
    return envelope("SellerCustomerAddress", listed)
