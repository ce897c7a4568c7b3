"""Operations of openapi/cancellation_reasons.yaml."""

from typing import Any

from flask import Response, after_this_request, request

from domain import cancellation_reasons
from domain.cancellations import CancellationType
from domain.paging import PageRequest
from handlers.context import reading, settings
from handlers.paging import record_page
from handlers.security import renew_csrf_token


def list_cancellation_reasons(
    limit: int, page: int = 1, cancellation_type: str | None = None
) -> dict[str, Any]:
    wanted = CancellationType(cancellation_type) if cancellation_type else None
    with reading() as uow:
        listed = cancellation_reasons.list_cancellation_reasons(
            wanted, PageRequest(page, limit), uow
        )
    after_this_request(_with_csrf_token)
    return record_page("CancellationReason", listed)


def _with_csrf_token(response: Response) -> Response:
    renew_csrf_token(response, request, settings())
    return response
