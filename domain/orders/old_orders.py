"""Old orders: read-only orders of earlier systems, and orders that were archived here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self

from domain.accounts.callers import Caller
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.identifiers import require_storable_pk
from domain.shared.money import Currency
from domain.shared.paging import DocumentPage, PageRequest
from domain.shared.search_text import require_searchable
from domain.shared.work import Work


@dataclass(eq=False, kw_only=True)
class OldOrderItem:
    """One line of an old order; ``price`` in minor units of the order's currency."""

    pk: int = field(init=False, repr=False)
    old_order_pk: int = field(init=False, repr=False)
    line: int
    product: str | None = None
    sku: str | None = None
    quantity: int | None = None
    price: int
    image: str | None = None
    image_url: str | None = None
    extra_field: Mapping[str, Any] = field(default_factory=dict)


@dataclass(eq=False, kw_only=True)
class OldOrder:
    """An archived order; money in minor units of ``currency``.

    ``archived_date`` is when it was archived here; None for an order of an earlier system.
    ``version`` grows with every stored change, as an order's does.
    """

    pk: int = field(init=False, repr=False)
    user_pk: int
    number: str
    version: int = 1
    user_email: str
    status: str
    created_date: datetime
    amount: int
    discount_amount: int = 0
    currency: Currency
    payment_type: str | None = None
    bank: str | None = None
    installment_count: int = 1
    tracking_number: str | None = None
    shipping_company: str | None = None
    shipping_company_label: str | None = None
    shipping_address: str | None = None
    billing_address: str | None = None
    extra_field: Mapping[str, Any] = field(default_factory=dict)
    erased_date: datetime | None = field(init=False, default=None)
    archived_date: datetime | None = None
    items: list[OldOrderItem] = field(default_factory=list)


class OldOrderField(StrEnum):
    """What old orders can be sorted by (storefront document, List archived/old orders)."""

    NUMBER = "number"
    USER_EMAIL = "user_email"
    STATUS = "status"
    CREATED_DATE = "created_date"
    AMOUNT = "amount"
    DISCOUNT_AMOUNT = "discount_amount"
    CURRENCY = "currency"
    PAYMENT_TYPE = "payment_type"
    BANK = "bank"
    INSTALLMENT_COUNT = "installment_count"
    TRACKING_NUMBER = "tracking_number"
    SHIPPING_COMPANY = "shipping_company"
    SHIPPING_ADDRESS = "shipping_address"
    BILLING_ADDRESS = "billing_address"


@dataclass(frozen=True, slots=True)
class OldOrderSort:
    """A sort order by one field.

    NULLs last in both directions, text by code point, ties by pk, newest first.
    """

    field: OldOrderField = OldOrderField.CREATED_DATE
    descending: bool = True

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``amount`` or ``-amount``. Raises InvalidInput for any other field."""
        name = text.removeprefix("-")
        try:
            field = OldOrderField(name)
        except ValueError:
            raise InvalidInput(
                "This is not a field to sort by.", code="invalid_sort", field="sort"
            ) from None
        return cls(field, descending=name != text)


@dataclass(frozen=True, slots=True)
class OldOrderFilters:
    """The filters of a shopper's list of old orders; without ``sort`` the newest come first.

    ``search`` is a literal part of the order number.
    """

    currency: str | None = None
    search: str = ""
    sort: str | None = None


@dataclass(frozen=True, slots=True)
class OldOrderQuery:
    """Old orders of one user, and their sort order."""

    user_pk: int
    currency: Currency | None = None
    search: str = ""
    sort: OldOrderSort = OldOrderSort()


class OldOrders(Protocol):
    """The stored old orders. Documents come from a reading unit of work only."""

    def add(self, old_order: OldOrder) -> None:
        """Store a new ``old_order`` with its lines, and give it its ``pk``."""

    def get(self, pk: int) -> OldOrder | None:
        """Return any user's old order with its lines."""

    def page(self, query: OldOrderQuery, page: PageRequest, language: str) -> DocumentPage:
        """Return one page, empty past the end, and the total count.

        No document is older than the statement that selected it.
        """

    def document(self, user_pk: int, pk: int, language: str) -> bytes | None:
        """Return the document of this old order if it is this user's."""


class OldOrderWork(Work, Protocol):
    """A unit of work on old orders."""

    @property
    def old_orders(self) -> OldOrders: ...


def list_old_orders(
    caller: Caller, filters: OldOrderFilters, page: PageRequest, language: str, uow: OldOrderWork
) -> DocumentPage:
    """Return one page of the caller's old orders; guests have none.

    Raises InvalidPage for a page past the end, and InvalidInput for an unknown currency, an
    unknown sort field and a search that no text can match.
    """
    require_searchable(filters.search, field="search")
    query = OldOrderQuery(
        user_pk=caller.user_pk,
        currency=_currency(filters.currency),
        search=filters.search,
        sort=OldOrderSort() if filters.sort is None else OldOrderSort.parse(filters.sort),
    )
    page.require_positive()
    if caller.is_guest:
        documents = DocumentPage(0, page.number, page.limit, [])
    else:
        documents = uow.old_orders.page(query, page, language)
    page.require_within(documents.count)
    return documents


def get_old_order(caller: Caller, pk: int, language: str, uow: OldOrderWork) -> bytes:
    """Return the document of one of the caller's old orders.

    Raises NotFound for an absent one, for another user's, and for every guest.
    """
    require_storable_pk(pk)
    if caller.is_guest:
        raise NotFound
    document = uow.old_orders.document(caller.user_pk, pk, language)
    if document is None:
        raise NotFound
    return document


def _currency(code: str | None) -> Currency | None:
    if code is None:
        return None
    try:
        return Currency(code)
    except ValueError:
        raise InvalidInput(
            "This is not a currency.", code="invalid_currency", field="currency"
        ) from None
