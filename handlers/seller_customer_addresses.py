"""The operation of openapi/seller_customer_addresses.yaml."""

from typing import Any

from domain import seller_customer_addresses
from handlers.context import reading, seller
from handlers.paging import record_page
from handlers.seller_lists import seller_query


def list_seller_customer_addresses(**values: Any) -> dict[str, Any]:
    with reading() as uow:
        listed = seller_customer_addresses.list_seller_customer_addresses(
            seller(), seller_query(**values), uow
        )
    return record_page("SellerCustomerAddress", listed)
