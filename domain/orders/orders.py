"""Orders: the entity, its repository, and the services that list and show orders."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID, uuid4

from domain.accounts.callers import Caller
from domain.orders.addresses import Address
from domain.orders.cancellation_plans import CancellationPlan
from domain.orders.discounts import DiscountItem
from domain.orders.loyalty import LoyaltyTransaction
from domain.orders.order_items import OrderItem
from domain.orders.payments import Bank, PaymentOption
from domain.orders.return_policy import ReturnPolicy
from domain.orders.shipping import ShippingCompany
from domain.orders.states import OrderState, closed_state
from domain.shared.errors import NotFound
from domain.shared.identifiers import require_storable_pk
from domain.shared.money import Currency, split
from domain.shared.paging import DocumentPage, PageRequest
from domain.shared.search_text import require_searchable
from domain.shared.work import Work

LAST_MONTH = timedelta(days=30)


class OrderType(StrEnum):
    """An add-on extends an existing order; a replacement replaces faulty goods."""

    REGULAR = "regular"
    ADDON = "addon"
    REPLACEMENT = "replacement"


@dataclass(eq=False, kw_only=True)
class Order:
    """One order.

    Money in minor units of ``currency``, ``shipping_tax_rate`` in hundredths of a percent,
    datetimes aware and UTC. ``version`` grows with every change that the order's document shows;
    persistence sets it. ``erased_date`` is when the shopper's personal data was erased.
    """

    pk: int = field(init=False, repr=False)
    uuid: UUID = field(default_factory=uuid4)
    user_pk: int
    number: str
    version: int = 1
    state: OrderState = OrderState.WAITING
    order_type: OrderType | None = OrderType.REGULAR
    currency: Currency
    shipping_amount: int = 0
    shipping_tax_rate: int | None = None
    refund_amount: int = 0
    discount_refund_amount: int = 0
    shipping_refund_amount: int = 0
    installment_count: int = 1
    installment_interest_amount: int = 0
    payment_pending: bool = False
    user_email: str
    client_type: str = "default"
    language_code: str | None = None
    remote_addr: str | None = None
    has_gift_box: bool | None = False
    gift_box_note: str | None = None
    notes: str | None = None
    bin_number: str | None = None
    tracking_url: str | None = None
    defined_tracking_url: str | None = None
    shipping_tracking_url: str | None = None
    tracking_number: str | None = None
    invoice_number: str | None = None
    invoice_date: datetime | None = None
    e_archive_url: str | None = None
    delivery_range: datetime | None = None
    shipping_option_slug: str | None = None
    basket: int | None = None
    shipping_option: int | None = None
    card: int | None = None
    installment: int | None = None
    segment: int | None = None
    checkout_provider: str | None = None
    extra_field: Mapping[str, Any] | None = None
    created_date: datetime
    modified_date: datetime
    erased_date: datetime | None = field(init=False, default=None)
    shipping_address: Address
    billing_address: Address
    payment_option: PaymentOption
    bank: Bank | None = None
    shipping_company: ShippingCompany | None = None
    items: list[OrderItem]
    discounts: list[DiscountItem] = field(default_factory=list)
    loyalty_transactions: list[LoyaltyTransaction] = field(default_factory=list)
    cancellation_plans: list[CancellationPlan] = field(default_factory=list)

    @property
    def discount_amount(self) -> int:
        return sum(discount.amount for discount in self.discounts)

    @property
    def amount_without_discount(self) -> int:
        """Σ price of the lines + shipping."""
        return sum(item.price for item in self.items) + self.shipping_amount

    @property
    def amount(self) -> int:
        """Σ price + shipping - discounts, without interest on instalments."""
        return self.amount_without_discount - self.discount_amount

    def discount_refund_of(self, discount: DiscountItem) -> int:
        """Return the part of ``discount`` that was lost with refunded units.

        The parts of all discounts add up to ``discount_refund_amount`` exactly.
        """
        amounts = [item.amount for item in self.discounts]
        parts = split(self.discount_refund_amount, amounts)
        return parts[self.discounts.index(discount)]

    @property
    def is_cancelled(self) -> bool:
        """Whether all lines are cancelled or rejected."""
        return bool(self.items) and all(item.is_cancelled for item in self.items)

    @property
    def is_cancellable(self) -> bool:
        return any(item.is_cancellable for item in self.items)

    @property
    def is_payable(self) -> bool:
        return self.payment_pending

    def is_refundable(self, now: datetime, policy: ReturnPolicy) -> bool:
        return any(item.is_refundable(now, policy) for item in self.items)

    def flags_valid_until(self, now: datetime, policy: ReturnPolicy) -> datetime | None:
        """The next time at which the clock changes a flag of the order or a line; None: never."""
        deadlines = [item.refundable_until(policy) for item in self.items]
        deadlines += [item.tradable_until(now) for item in self.items]
        ahead = [deadline for deadline in deadlines if deadline is not None and now < deadline]
        return min(ahead, default=None)

    def refresh_state(self, now: datetime) -> None:
        """Set the state from the lines, once all of them are cancelled, rejected or refunded."""
        self.modified_date = now
        self.state = closed_state({item.state for item in self.items}) or self.state

    def find_item(self, pk: int) -> OrderItem | None:
        """Return the line with this pk."""
        return next((item for item in self.items if item.pk == pk), None)


@dataclass(frozen=True, slots=True)
class OrderFilters:
    """The filters of a shopper's list of orders.

    A date means its whole day (UTC); a datetime without a zone is UTC. ``search`` is a literal part
    of the order number.
    """

    last_month: bool = False
    search: str = ""
    created_date__gte: date | datetime | None = None
    created_date__lte: date | datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """Orders of one user, newest first (``created_date``, ties: higher pk).

    Both bounds are inclusive. ``newest_only`` selects the user's newest order; the other filters
    apply to that one.
    """

    user_pk: int
    search: str = ""
    created_from: datetime | None = None
    created_to: datetime | None = None
    newest_only: bool = False


@dataclass(frozen=True, slots=True)
class OrderOwner:
    """The owner of an order; ``email`` is the one that the order was placed with."""

    order_pk: int
    user_pk: int
    is_guest: bool
    email: str = field(repr=False)


class Orders(Protocol):
    """The stored orders. Documents come from a reading unit of work only."""

    def add(self, order: Order) -> None:
        """Store a new ``order`` with all its parts, and give it its ``pk``."""

    def get(self, pk: int) -> Order | None:
        """Return any user's order with all its parts."""

    def lock_by_items(self, item_pks: Collection[int], caller: Caller | None) -> list[Order]:
        """Return the orders that have any of these lines, with all their parts, locked.

        Only the caller's own orders (for a guest with a session: the newest); None: any order. The
        locks last until the transaction ends. Every transaction locks orders by ascending pk, then
        their lines.
        """

    def lock_by_request(self, request_pk: int) -> Order | None:
        """Return the order of a cancellation request, locked in the same way."""

    def lock_by_plan(self, plan_pk: int) -> Order | None:
        """Return the order of a cancellation plan, locked in the same way."""

    def lock_by_seller(self, item_uuid: UUID, seller_pk: int) -> Order | None:
        """Return the order that has this line of this seller, locked in the same way."""

    def by_request(self, request_pk: int) -> Order | None:
        """Return the order of a cancellation request, without a lock."""

    def by_item(self, item_pk: int, caller: Caller | None) -> Order | None:
        """Return the order that has this line, without a lock: the caller's own; None: any."""

    def owner(self, number: str) -> OrderOwner | None:
        """Return the owner of the order with this number."""

    def address_pks(self, pks: Collection[int], caller: Caller) -> set[int]:
        """Return the pks of those addresses that an order of the caller has.

        The caller's orders are as for ``lock_by_items``.
        """

    def page(self, query: OrderQuery, page: PageRequest, language: str) -> DocumentPage:
        """Return one page, empty past the end, and the total count.

        No document is older than the statement that selected it.
        """

    def document(self, user_pk: int, pk: int, language: str) -> bytes | None:
        """Return the document of this order if it is this user's."""

    def newest_document(self, user_pk: int, language: str) -> bytes | None:
        """Return the document of the user's order with the highest pk."""

    def latest_document(self, user_pk: int, language: str) -> bytes | None:
        """Return the document of the user's order with the latest ``created_date``."""


class OrderWork(Work, Protocol):
    """A unit of work on orders."""

    @property
    def orders(self) -> Orders: ...


def list_user_orders(
    caller: Caller, filters: OrderFilters, page: PageRequest, language: str, uow: OrderWork
) -> DocumentPage:
    """Return one page of the caller's orders, newest first.

    A guest has only their newest order (storefront document, List authenticated user's orders);
    the filters apply to that one. Raises InvalidPage for a page past the end and InvalidInput for
    a search that no text can match.
    """
    require_searchable(filters.search, field="search")
    page.require_positive()
    query = OrderQuery(
        user_pk=caller.user_pk,
        search=filters.search,
        created_from=_latest(_first_moment(filters.created_date__gte), _month_ago(filters, uow)),
        created_to=_last_moment(filters.created_date__lte),
        newest_only=caller.is_guest,
    )
    documents = uow.orders.page(query, page, language)
    page.require_within(documents.count)
    return documents


def get_user_order(caller: Caller, pk: int, language: str, uow: OrderWork) -> bytes:
    """Return the document of one of the caller's orders.

    A guest gets the order with their highest pk, whatever ``pk`` is (storefront document,
    Retrieve specific order details). Raises NotFound for an absent order and for another user's.
    """
    if caller.is_guest:
        return _require(uow.orders.newest_document(caller.user_pk, language))
    require_storable_pk(pk)
    return _require(uow.orders.document(caller.user_pk, pk, language))


def get_order_cancellation(caller: Caller, pk: int, language: str, uow: OrderWork) -> bytes:
    """Return the order's document, for a cancellation page.

    A guest gets their latest order by ``created_date``, whatever ``pk`` is. The storefront document
    says the last one of "-created_date", which would be the oldest. Its reason is that guests see
    only the most recent one, so we return that. Raises NotFound for an absent order and for another
    user's.
    """
    if caller.is_guest:
        return _require(uow.orders.latest_document(caller.user_pk, language))
    require_storable_pk(pk)
    return _require(uow.orders.document(caller.user_pk, pk, language))


def _require(document: bytes | None) -> bytes:
    if document is None:
        raise NotFound
    return document


def _month_ago(filters: OrderFilters, uow: OrderWork) -> datetime | None:
    return uow.now - LAST_MONTH if filters.last_month else None


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _first_moment(bound: date | datetime | None) -> datetime | None:
    return _moment(bound, time.min)


def _last_moment(bound: date | datetime | None) -> datetime | None:
    return _moment(bound, time.max)


def _moment(bound: date | datetime | None, time_of_day: time) -> datetime | None:
    if bound is None:
        return None
    if not isinstance(bound, datetime):
        return datetime.combine(bound, time_of_day, UTC)
    if bound.tzinfo is None:
        return bound.replace(tzinfo=UTC)
    try:
        return bound.astimezone(UTC)
    except OverflowError:  # year 1 east of Greenwich, or year 9999 west of it
        return bound.replace(tzinfo=UTC)
