"""The operation of openapi/seller_center/customer_addresses.yaml."""

from typing import Any

from domain.seller_center import customer_addresses as seller_customer_addresses
from handlers.contract.asgi.prefetch import prefetched
from handlers.contract.operations.responses import DocumentList
from handlers.seller_center.lists import seller_query
from handlers.web.pagination import envelope
from handlers.web.request_context import language, reading, seller


@prefetched
def list_seller_customer_addresses(**values: Any) -> DocumentList:
    with reading() as uow:
        listed = seller_customer_addresses.list_seller_customer_addresses(
            seller(), seller_query(**values), language(), uow
        )
    return envelope("SellerCustomerAddress", listed)
