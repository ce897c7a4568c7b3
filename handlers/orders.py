"""Operations of openapi/orders.yaml."""

from typing import Any

from domain import orders
from domain.orders import OrderFilters
from domain.paging import PageRequest
from handlers.context import caller, language, reading
from handlers.contract.foresight import foreseen
from handlers.contract.responses import Document, DocumentList
from handlers.paging import envelope


@foreseen
def list_user_orders(limit: int, page: int = 1, **filters: Any) -> DocumentList:
    with reading() as uow:
        listed = orders.list_user_orders(
            caller(), OrderFilters(**filters), PageRequest(page, limit), language(), uow
        )
    return envelope("UserOrder", listed)


@foreseen
def get_user_order(pk: int) -> Document:
    with reading() as uow:
        return Document("UserOrder", orders.get_user_order(caller(), pk, language(), uow))


@foreseen
def get_order_cancellation(pk: int) -> Document:
    with reading() as uow:
        return Document("UserOrder", orders.get_order_cancellation(caller(), pk, language(), uow))
