"""Operations of openapi/seller_center/order_items.yaml."""

from typing import Any
from uuid import UUID

from flask import Response

from domain.seller_center import order_items as seller_order_items
from domain.unit_of_work import UnitOfWork
from handlers.contract.asgi.prefetch import prefetched
from handlers.contract.operations.responses import DocumentList, Reply
from handlers.seller_center.lists import seller_query
from handlers.web.idempotency import run_idempotent
from handlers.web.pagination import envelope
from handlers.web.request_context import language, reading, seller


@prefetched
def list_seller_order_items(**values: Any) -> DocumentList:
    with reading() as uow:
        listed = seller_order_items.list_seller_order_items(
            seller(), seller_query(**values), language(), uow
        )
    return envelope("SellerOrderItem", listed)


def reject_seller_order_item(orderitem_id: UUID, body: dict[str, Any] | None) -> Response:
    reason = (body or {}).get("reason")

    def work(uow: UnitOfWork) -> Reply:
        seller_order_items.reject_seller_order_item(seller(), orderitem_id, reason, uow)
        return Reply(204)

    return run_idempotent(work)
