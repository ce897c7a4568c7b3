"""Operations of openapi/seller_order_items.yaml."""

from typing import Any
from uuid import UUID

from flask import Response

from domain import seller_order_items
from domain.unit_of_work import UnitOfWork
from handlers.context import language, reading, seller
from handlers.contract.foresight import foreseen
from handlers.contract.responses import DocumentList, Reply
from handlers.once import answer_once
from handlers.paging import envelope
from handlers.seller_lists import seller_query


@foreseen
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

    return answer_once(work)
