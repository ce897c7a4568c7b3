"""The parameters of all seller lists."""

from typing import Any

from domain.seller_center.lists import SellerQuery
from domain.shared.errors import InvalidInput
from domain.shared.paging import PageRequest
from handlers.web.request_context import operation, parts


def seller_query(
    limit: int,
    page: int | None = None,
    cursor: str | None = None,
    ordering: str = "",
    **filters: Any,
) -> SellerQuery:
    """The query for these parameters. Raises InvalidInput for a page with a cursor."""
    if page is not None and cursor is not None:
        raise InvalidInput(
            "A cursor and a page can not be given together.", code="page_and_cursor", field="cursor"
        )
    return SellerQuery(
        conditions=parts().filters.conditions(operation(), filters),
        ordering=ordering,
        page=PageRequest(1 if page is None else page, limit) if cursor is None else None,
        cursor=cursor,
        limit=limit,
    )
