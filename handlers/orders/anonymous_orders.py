"""Operations of openapi/orders/anonymous_orders.yaml."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic, sleep
from typing import Any

from flask import Response, after_this_request, request

from domain.orders import anonymous_orders
from domain.orders.anonymous_orders import GuestLookup
from domain.shared.errors import NotFound
from domain.shared.paging import DocumentPage
from handlers.auth.devices import known_device, remember_device
from handlers.auth.order_grants import new_grant
from handlers.auth.rate_limits import look_up_subject
from handlers.auth.session_cookies import (
    check_csrf,
    give_grant,
    granted_csrf_token,
    shown_credential,
)
from handlers.cancellations import requests as cancellation_requests
from handlers.contract.operations.responses import DocumentList
from handlers.web.pagination import envelope
from handlers.web.request_context import language, lookup_limits, reading, settings

# Longer than a look-up takes, and short enough to block a thread for the few attempts allowed.
MISS_SECONDS = 0.01


def look_up_anonymous_order(body: dict[str, Any]) -> DocumentList:
    check_csrf(request, shown_credential(request, settings()), settings())
    number = body.get("order") or body["number"]
    subject = look_up_subject(body["email"], number)
    device = known_device(subject, request, settings())
    lookup = GuestLookup(body["email"], number, request.remote_addr or "", device)
    with _equal_miss_time(), reading() as uow:
        guest_order = anonymous_orders.look_up_anonymous_order(
            lookup, lookup_limits(), language(), uow
        )
    grant = new_grant(guest_order.caller, settings())
    token = granted_csrf_token(grant, request, settings())
    _give(grant, token, subject)
    page = envelope("UserOrder", DocumentPage(1, 1, 1, [guest_order.document]))
    return replace(page, envelope={**page.envelope, "csrf_token": token, "key": grant})


def create_anonymous_cancellation_request(body: dict[str, Any]) -> Response:
    return cancellation_requests.create_cancellation_request(body)


def create_anonymous_bulk_cancellation_requests(body: dict[str, Any]) -> Response:
    return cancellation_requests.create_bulk_cancellation_requests(body)


@contextmanager
def _equal_miss_time() -> Iterator[None]:
    """Delay every NotFound to the same duration: an existing number takes some microseconds more
    than an unknown one, in the database and on the way from it.
    """
    started = monotonic()
    try:
        yield
    except NotFound:
        sleep(max(0.0, started + MISS_SECONDS - monotonic()))
        raise


def _give(grant: str, token: str, subject: str) -> None:
    @after_this_request
    def give(response: Response) -> Response:
        give_grant(response, grant, token, request, settings())
        remember_device(subject, response, request, settings())
        return response
