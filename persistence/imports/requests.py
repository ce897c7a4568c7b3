"""Storing the cancellation requests of imported orders."""

from collections.abc import Iterable

from domain.imports.cancellations import ImportedEasyReturn
from domain.imports.orders import ImportedItem
from domain.orders.cancellations import CancellationStatus
from persistence.imports.parts import replace_parts, upsert_by_uuid
from persistence.imports.references import ImportedReferences
from persistence.orders.cancellations import (
    cancellation_request_images,
    cancellation_requests,
    easy_returns,
)
from persistence.sql.bulk import Row
from persistence.sql.columns import OWNER
from persistence.sql.work import Work


def store_requests(
    work: Work,
    lines: Iterable[tuple[int, int, ImportedItem]],
    references: ImportedReferences,
) -> None:
    """Store the requests of these lines (pk, user_pk, item), with their returns and images.

    Raises Rejected if a request has a UUID of another order.
    """
    requests = [
        (item_pk, user_pk, request) for item_pk, user_pk, item in lines for request in item.requests
    ]
    rows = [
        {
            **request.values,
            "order_item_pk": item_pk,
            OWNER: user_pk,
            "reason_pk": references.reason_pk(request.reason["uuid"]),
        }
        for item_pk, user_pk, request in requests
    ]
    # A line has at most one open request: the one that was open has to be closed first.
    rows.sort(key=lambda row: row["status"] is CancellationStatus.OPEN)
    pks = upsert_by_uuid(work, cancellation_requests.c.order_item_pk, rows)
    stored = [
        ({"cancellation_request_pk": pks[request.values["uuid"]], OWNER: user_pk}, request)
        for _, user_pk, request in requests
    ]
    request_pks = [key["cancellation_request_pk"] for key, _ in stored]
    returns = [
        _easy_return_row(key, request.easy_return) for key, request in stored if request.easy_return
    ]
    images = [{**image, **key} for key, request in stored for image in request.images]
    replace_parts(work, easy_returns.c.cancellation_request_pk, request_pks, returns)
    replace_parts(work, cancellation_request_images.c.cancellation_request_pk, request_pks, images)


def _easy_return_row(key: Row, easy_return: ImportedEasyReturn) -> Row:
    return {
        **easy_return.values,
        **key,
        "shipping_company_pk": easy_return.shipping_company.pk,
    }
