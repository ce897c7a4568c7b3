"""Lines of orders as their sellers see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.cancellations import CancelStatus
from domain.money import Currency
from domain.paging import CursorPage, Page
from domain.seller_callers import SellerCaller
from domain.seller_lists import SellerQuery, SellerRows, Sort, list_rows

if TYPE_CHECKING:
    from domain.unit_of_work import UnitOfWork

_NEWEST_FIRST = Sort("created_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerOrderItemView:
    """One line (seller center document, Order Items, schema).

    Money in minor units of ``price_currency``, ``price`` for the whole line, ``tax_rate`` in
    hundredths of a percent, ``status`` a seller code. ``order`` is the id of the seller's order.
    """

    id: UUID
    order: UUID
    sku: str
    status: int
    price_currency: Currency
    price: int
    tax_rate: int
    invoice_number: str | None
    invoice_date: datetime | None
    e_archive_url: str | None
    tracking_number: str | None
    shipping_company: str | None
    retail_price: int | None
    extra_field: Mapping[str, Any]
    estimated_delivery_date: datetime | None
    discount_amount: int
    shipped_date: datetime | None
    delivered_date: datetime | None
    cancel_status: CancelStatus | None
    quantity: int
    created_at: datetime
    updated_at: datetime


SellerOrderItems = SellerRows[SellerOrderItemView]


def list_seller_order_items(
    caller: SellerCaller, query: SellerQuery, uow: UnitOfWork
) -> Page[SellerOrderItemView] | CursorPage[SellerOrderItemView]:
    """Return the lines of the caller's, newest first where the query does not say.

    Raises as ``list_rows`` does.
    """
    return list_rows(caller, query, _NEWEST_FIRST, uow.seller_order_items)


def reject_seller_order_item(
    caller: SellerCaller, item_uuid: UUID, reason: str | None, uow: UnitOfWork
) -> None:
    """Call a line off because its seller can not deliver it, and tell the shopper.

    Only what is not packaged yet can be rejected; rejecting a line again changes nothing. Raises
    NotFound for an unknown line and for another seller's, and InvalidInput (``not_rejectable``)
    for one that is packaged or further on its way, or was called off by somebody else.
    """
    raise NotImplementedError
