"""Operations of openapi/cancellations/requests.yaml."""

from typing import Any

from flask import Response

from domain.cancellations import requests as cancellation_requests
from domain.cancellations.drafts import CancellationDraft, PickupSlot
from domain.orders.cancellations import CancellationType
from domain.shared.paging import PageRequest
from domain.unit_of_work import UnitOfWork
from handlers.contract.operations.responses import Reply
from handlers.web.idempotency import run_idempotent
from handlers.web.pagination import record_page
from handlers.web.request_context import caller, cancellation_policy, reading, record

_RECORD = "UserCancellationRequest"


def list_cancellation_requests(limit: int, page: int = 1) -> dict[str, Any]:
    with reading() as uow:
        listed = cancellation_requests.list_cancellation_requests(
            caller(), PageRequest(page, limit), uow
        )
    return record_page(_RECORD, listed)


def create_cancellation_request(body: dict[str, Any]) -> Response:
    draft = _draft(body)

    def work(uow: UnitOfWork) -> Reply:
        opened = cancellation_requests.create_cancellation_request(
            caller(), draft, cancellation_policy(), uow
        )
        return Reply(200, record(_RECORD, opened))

    return run_idempotent(work)


def create_bulk_cancellation_requests(body: dict[str, Any]) -> Response:
    return _create_bulk(body)


def cancel_order(id: int, body: dict[str, Any]) -> Response:  # noqa: A002 - as in the path
    return _create_bulk(body, order_pk=id)


def _create_bulk(body: dict[str, Any], order_pk: int | None = None) -> Response:
    defaults = body.get("pickup_address"), body.get("fully_refund_as_loyalty_money")
    drafts = [_draft(row).with_defaults(*defaults) for row in body["cancel_order_items"]]

    def work(uow: UnitOfWork) -> Reply:
        opened = cancellation_requests.create_bulk_cancellation_requests(
            caller(), drafts, cancellation_policy(), uow, order_pk=order_pk
        )
        return Reply(201, [record(_RECORD, request) for request in opened])

    return run_idempotent(work)


def _draft(row: dict[str, Any]) -> CancellationDraft:
    values = row | {
        "cancellation_type": CancellationType(row["cancellation_type"]),
        "pickup_date": _slot(row.get("pickup_date")),
    }
    return CancellationDraft(**values)


def _slot(slot: dict[str, Any] | None) -> PickupSlot | None:
    return PickupSlot(slot["date"], **slot["hour_range"]) if slot else None
