"""Operations of openapi/anonymous_orders.yaml."""

from typing import Any

from flask import Response, after_this_request, request

from domain import anonymous_orders
from domain.anonymous_orders import LookUp
from domain.callers import Caller
from domain.paging import DocumentPage
from handlers import cancellation_requests
from handlers.context import language, look_ups, reading, settings
from handlers.contract.responses import DocumentList
from handlers.paging import envelope
from handlers.security import check_csrf, give_grant


def look_up_anonymous_order(body: dict[str, Any]) -> DocumentList:
    check_csrf(request, settings())
    number = body.get("order") or body["number"]
    wanted = LookUp(body["email"], number, request.remote_addr or "")
    with reading() as uow:
        found = anonymous_orders.look_up_anonymous_order(wanted, look_ups(), language(), uow)
    _grant(found.caller)
    return envelope("UserOrder", DocumentPage(1, 1, 1, [found.document]))


def create_anonymous_cancellation_request(body: dict[str, Any]) -> Response:
    return cancellation_requests.create_cancellation_request(body)


def create_anonymous_bulk_cancellation_requests(body: dict[str, Any]) -> Response:
    return cancellation_requests.create_bulk_cancellation_requests(body)


def _grant(caller: Caller) -> None:
    @after_this_request
    def give(response: Response) -> Response:
        give_grant(response, caller, request, settings())
        return response
