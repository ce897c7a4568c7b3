"""Operations of openapi/orders/orders.yaml."""

from typing import Any

from domain.orders import orders
from domain.orders.orders import OrderFilters
from domain.shared.paging import PageRequest
from handlers.contract.asgi.prefetch import prefetched
from handlers.contract.operations.responses import Document, DocumentList
from handlers.web.pagination import envelope
from handlers.web.request_context import caller, language, reading


@prefetched
def list_user_orders(limit: int, page: int = 1, **filters: Any) -> DocumentList:
    with reading() as uow:
        listed = orders.list_user_orders(
            caller(), OrderFilters(**filters), PageRequest(page, limit), language(), uow
        )
    return envelope("UserOrder", listed)


@prefetched
def get_user_order(pk: int) -> Document:
    with reading() as uow:
        return Document("UserOrder", orders.get_user_order(caller(), pk, language(), uow))


@prefetched
def get_order_cancellation(pk: int) -> Document:
    with reading() as uow:
        return Document("UserOrder", orders.get_order_cancellation(caller(), pk, language(), uow))
