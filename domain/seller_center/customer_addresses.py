"""Addresses of sellers' customers: those in the sellers' orders."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.seller_center.lists import SellerQuery, SellerRows, Sort, list_rows
from domain.sellers.callers import SellerCaller
from domain.shared.paging import CursorPage, DocumentPage
from domain.shared.work import Work

_NEWEST_FIRST = Sort(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerCustomerAddressView:
    """One address (seller center document, Customer Address, schema)."""

    id: UUID
    email: str | None
    phone_number: str
    first_name: str
    last_name: str
    line: str
    is_active: bool
    postcode: str | None
    notes: str | None
    company_name: str | None
    tax_office: str | None
    tax_no: str | None
    e_bill_taxpayer: bool | None
    identity_number: str | None
    country: UUID
    city: UUID
    township: UUID | None
    district: UUID | None


class SellerAddressWork(Work, Protocol):
    """A unit of work on the addresses of a seller's customers."""

    @property
    def seller_customer_addresses(self) -> SellerRows: ...


def list_seller_customer_addresses(
    caller: SellerCaller, query: SellerQuery, language: str, uow: SellerAddressWork
) -> DocumentPage | CursorPage[bytes]:
    """Return the addresses of the caller's customers, newest first by default.

    Raises as ``list_rows`` does.
    """
    return list_rows(caller, query, _NEWEST_FIRST, language, uow.seller_customer_addresses)
