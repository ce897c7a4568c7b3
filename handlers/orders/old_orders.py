"""Operations of openapi/orders/old_orders.yaml."""

from typing import Any

from domain.orders import old_orders
from domain.orders.old_orders import OldOrderFilters
from domain.shared.paging import PageRequest
from handlers.contract.asgi.prefetch import prefetched
from handlers.contract.operations.responses import Document, DocumentList
from handlers.web.pagination import envelope
from handlers.web.request_context import caller, language, reading


@prefetched
def list_old_orders(limit: int, page: int = 1, **filters: Any) -> DocumentList:
    with reading() as uow:
        listed = old_orders.list_old_orders(
            caller(), OldOrderFilters(**filters), PageRequest(page, limit), language(), uow
        )
    return envelope("UserOldOrder", listed)


@prefetched
def get_old_order(pk: int) -> Document:
    with reading() as uow:
        return Document("UserOldOrder", old_orders.get_old_order(caller(), pk, language(), uow))
