"""Operations of openapi/cancellations/reasons.yaml."""

from typing import Any

from flask import Response, after_this_request, request

from domain.cancellations import reasons as cancellation_reasons
from domain.orders.cancellations import CancellationType
from domain.shared.paging import PageRequest
from handlers.auth.session_cookies import renew_csrf_token
from handlers.web.pagination import record_page
from handlers.web.request_context import reading, settings


def list_cancellation_reasons(
    limit: int, page: int = 1, cancellation_type: str | None = None
) -> dict[str, Any]:
    kind = CancellationType(cancellation_type) if cancellation_type else None
    with reading() as uow:
        listed = cancellation_reasons.list_cancellation_reasons(kind, PageRequest(page, limit), uow)
    after_this_request(_with_csrf_token)
    return record_page("CancellationReason", listed)


def _with_csrf_token(response: Response) -> Response:
    renew_csrf_token(response, request, settings())
    return response
