"""Operations of openapi/cancellation_reasons.yaml."""

from typing import Any

from domain import cancellation_reasons
from domain.cancellations import CancellationType
from domain.paging import PageRequest
from handlers.context import reading
from handlers.paging import record_page


def list_cancellation_reasons(
    limit: int, page: int = 1, cancellation_type: str | None = None
) -> dict[str, Any]:
    wanted = CancellationType(cancellation_type) if cancellation_type else None
    with reading() as uow:
        listed = cancellation_reasons.list_cancellation_reasons(
            wanted, PageRequest(page, limit), uow
        )
    return record_page("CancellationReason", listed)
