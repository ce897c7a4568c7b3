"""Cancellation plans of sellers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.orders.cancellation_plans import PlanStatus
from domain.orders.cancellations import CancellationType
from domain.seller_center.lists import SellerQuery, SellerRows, Sort, list_rows
from domain.sellers.callers import SellerCaller
from domain.shared.money import Currency
from domain.shared.paging import CursorPage, DocumentPage
from domain.shared.work import Work

_NEWEST_FIRST = Sort("created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerCancellationPlanView:
    """One plan (seller center document, Cancellation Plans, schema).

    Money in minor units of ``currency``. ``order`` and ``order_items`` are the seller's
    ids; the items are in the order of their requests, without duplicates.
    """

    id: UUID
    order: UUID
    order_items: tuple[UUID, ...]
    currency: Currency
    shipping_refund_amount: int
    refund_amount: int
    discount_refund_amount: int
    status: PlanStatus
    plan_type: CancellationType
    invoice_number: str | None
    payment_plan: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


class SellerPlanWork(Work, Protocol):
    """A unit of work on a seller's cancellation plans."""

    @property
    def seller_cancellation_plans(self) -> SellerRows: ...


def list_seller_cancellation_plans(
    caller: SellerCaller, query: SellerQuery, language: str, uow: SellerPlanWork
) -> DocumentPage | CursorPage[bytes]:
    """Return the caller's plans, newest first by default.

    Raises as ``list_rows`` does.
    """
    return list_rows(caller, query, _NEWEST_FIRST, language, uow.seller_cancellation_plans)
