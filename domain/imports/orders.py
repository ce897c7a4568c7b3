"""Orders and old orders that import documents describe, ready to be stored.

They have UUIDs only; persistence gives the other ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.accounts.users import UserType
from domain.imports.cancellations import ImportedRequest
from domain.orders.payments import Bank, PaymentOption
from domain.orders.products import Product
from domain.orders.shipping import EasyReturnShippingCompany, ShippingCompany, ShippingOptionGroup


@dataclass(frozen=True, slots=True)
class ImportedUser:
    """The user who ordered, identified by ``email_key`` and ``user_type``."""

    email: str
    email_key: str
    user_type: UserType
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class ImportedAddress:
    """An address: its own ``values``, and those of its places by kind, from the country down."""

    values: dict[str, Any]
    places: dict[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ImportedSeller:
    """The seller of a line, identified by the slug."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class ImportedItem:
    """A line: ``values`` are OrderItem's, the rest are its parts.

    ``pointer`` is its place in the document, ``members`` are the members that it has there.
    """

    pointer: str
    members: frozenset[str]
    values: dict[str, Any]
    product: Product
    seller: ImportedSeller | None
    shipping_company: ShippingCompany | None
    shipping_option_group: ShippingOptionGroup | None
    easy_return_companies: list[EasyReturnShippingCompany]
    requests: list[ImportedRequest]


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """An order: ``values``, ``discounts`` and ``loyalty_transactions`` are the entities' values.

    All of them are complete, as for a new order. ``members`` are the members that the document
    has, ``document_date`` is its ``modified_date``.
    """

    number: str
    document_hash: bytes
    document_date: datetime | None
    members: frozenset[str]
    user: ImportedUser
    values: dict[str, Any]
    shipping_address: ImportedAddress
    billing_address: ImportedAddress
    payment_option: PaymentOption
    bank: Bank | None
    shipping_company: ShippingCompany | None
    items: list[ImportedItem]
    discounts: list[dict[str, Any]]
    loyalty_transactions: list[dict[str, Any]]

    @property
    def line_numbers(self) -> set[int]:
        return {item.values["line"] for item in self.items}


@dataclass(frozen=True, slots=True)
class ImportedOldOrder:
    """An old order: ``values`` and ``items`` are the entities' values."""

    number: str
    document_hash: bytes
    user: ImportedUser
    values: dict[str, Any]
    items: list[dict[str, Any]]

    @property
    def line_numbers(self) -> set[int]:
        return {item["line"] for item in self.items}
