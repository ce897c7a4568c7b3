"""Orders of sellers: one for each order and seller, with that seller's lines only.

``domain.orders.seller_shares`` divides an order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.orders.cancellations import CancelStatus
from domain.seller_center.lists import SellerQuery, SellerRows, Sort, list_rows
from domain.sellers.callers import SellerCaller
from domain.shared.money import Currency
from domain.shared.paging import CursorPage, DocumentPage
from domain.shared.work import Work

_NEWEST_FIRST = Sort("date_placed")


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerOrderView:
    """One order of a seller (seller center document, Orders, schema).

    Money in minor units of ``currency``, ``shipping_tax_rate`` in hundredths of a percent,
    ``status`` a seller code. ``datasource`` is the seller. Parcel and invoice are those of the
    seller's lines; those of the order are shown only if all its lines are this seller's.
    """

    id: UUID
    number: str
    datasource: UUID
    shipping_address: UUID
    billing_address: UUID
    date_placed: datetime
    status: int
    currency: Currency
    amount: int
    discount_amount: int
    shipping_amount: int
    shipping_tax_rate: int | None
    refund_amount: int
    discount_refund_amount: int
    shipping_refund_amount: int
    invoice_number: str | None
    invoice_date: datetime | None
    e_archive_url: str | None
    tracking_number: str | None
    shipping_company: str | None
    cargo_company: str | None
    has_gift_box: bool | None
    gift_box_note: str | None
    language_code: str | None
    notes: str | None
    delivery_range: datetime | None
    shipping_option_slug: str | None
    extra_field: Mapping[str, Any]
    cancel_status: CancelStatus | None
    shipping_interest_amount: int
    created_at: datetime
    updated_at: datetime


class SellerOrderWork(Work, Protocol):
    """A unit of work on a seller's orders."""

    @property
    def seller_orders(self) -> SellerRows: ...


def list_seller_orders(
    caller: SellerCaller, query: SellerQuery, language: str, uow: SellerOrderWork
) -> DocumentPage | CursorPage[bytes]:
    """Return the caller's orders, newest first by default.

    Raises as ``list_rows`` does.
    """
    return list_rows(caller, query, _NEWEST_FIRST, language, uow.seller_orders)
