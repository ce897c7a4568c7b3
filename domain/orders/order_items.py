"""Order items, which are the lines of an order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from domain.orders.cancellations import (
    CancellationRequest,
    CancellationStatus,
    CancelStatus,
)
from domain.orders.products import Product
from domain.orders.return_policy import ReturnPolicy
from domain.orders.shipping import EasyReturnShippingCompany, ShippingCompany, ShippingOptionGroup
from domain.orders.states import (
    BEFORE_PACKAGING,
    BEFORE_SHIPPING,
    CANCELLED_OR_REJECTED,
    OrderState,
)
from domain.orders.trade_in_offers import TradeInOffer, TradeInState
from domain.sellers.sellers import Seller
from domain.shared.errors import Conflict


@dataclass(eq=False, kw_only=True)
class OrderItem:
    """One line: ``quantity`` units of one product.

    Money in minor units of the order's currency; ``price`` is for the whole line, ``tax_rate`` in
    hundredths of a percent. ``line`` is the position within the order, from 1. ``discount_amount``
    is the line's share of the order's discounts. ``state_before_cancellation`` is the state before
    the open request to cancel.
    """

    pk: int = field(init=False, repr=False)
    uuid: UUID = field(default_factory=uuid4)
    order_pk: int = field(init=False, repr=False)
    line: int
    product: Product
    seller: Seller | None = None
    state: OrderState = OrderState.WAITING
    state_before_cancellation: OrderState | None = None
    cancel_status: CancelStatus | None = None
    quantity: int = 1
    cancelled_quantity: int = 0
    refunded_quantity: int = 0
    unit_price: int
    price: int
    tax_rate: int
    retail_price: int | None = None
    discount_amount: int = 0
    shipping_company: ShippingCompany | None = None
    shipping_option_group: ShippingOptionGroup | None = None
    tracking_url: str | None = None
    defined_tracking_url: str | None = None
    shipping_tracking_url: str | None = None
    tracking_number: str | None = None
    invoice_number: str | None = None
    invoice_date: datetime | None = None
    e_archive_url: str | None = None
    estimated_delivery_date: date | None = None
    shipped_date: datetime | None = None
    delivered_date: datetime | None = None
    image: str | None = None
    attributes: Mapping[str, Any] | None = None
    attributes_kwargs: Mapping[str, Any] | None = None
    localized_attributes: Mapping[str, Any] | None = None
    localized_attributes_kwargs: Mapping[str, Any] | None = None
    extra_field: Mapping[str, Any] | None = None
    extra_product_stock_detailed: Mapping[str, Any] | None = None
    extra_product_price_detailed: Mapping[str, Any] | None = None
    parent: int | None = None
    created_date: datetime
    modified_date: datetime
    easy_return_companies: list[EasyReturnShippingCompany] = field(default_factory=list)
    cancellation_requests: list[CancellationRequest] = field(default_factory=list)
    trade_in_offers: list[TradeInOffer] = field(default_factory=list)

    @property
    def discounted_price(self) -> int:
        return self.price - self.discount_amount

    @property
    def is_cancelled(self) -> bool:
        """Whether the whole line is cancelled, or rejected by its seller."""
        return self.state in CANCELLED_OR_REJECTED

    @property
    def progress(self) -> OrderState:
        """The state, or the state before the open request to cancel.

        An imported line that waits for a cancellation may have no earlier state; it counts as
        waiting.
        """
        if self.state is OrderState.CANCELLATION_WAITING:
            return self.state_before_cancellation or OrderState.WAITING
        return self.state

    def is_tradable(self, now: datetime) -> bool:
        """Whether a trade-in offer is open and has not expired."""
        return self.tradable_until(now) is not None

    def tradable_until(self, now: datetime) -> datetime | None:
        """When the open trade-in offer expires; None if none is open."""
        newest = self.newest_offer
        return newest.expires_date if newest is not None and newest.is_open(now) else None

    @property
    def newest_offer(self) -> TradeInOffer | None:
        """The current trade-in offer: offers are in the order of their creation."""
        return self.trade_in_offers[-1] if self.trade_in_offers else None

    @property
    def active_cancellation_request(self) -> CancellationRequest | None:
        """The most recent open or approved request."""
        active = [request for request in self.cancellation_requests if request.is_active]
        return max(active, key=lambda request: (request.created_date, request.pk), default=None)

    @property
    def cancellable_quantity(self) -> int:
        """How many units may be cancelled now: none once shipped or while a request is open."""
        if self.state not in BEFORE_SHIPPING or self._has_open_request:
            return 0
        return self.available_quantity

    @property
    def is_cancellable(self) -> bool:
        return self.cancellable_quantity > 0

    def refundable_until(self, policy: ReturnPolicy) -> datetime | None:
        """When the return period of the line ends.

        None if no unit can be returned: the line was not delivered, or has no delivery date, has
        no available units, or has an open request.
        """
        if self.state is not OrderState.DELIVERED or self.delivered_date is None:
            return None
        if self._has_open_request or self.available_quantity <= 0:
            return None
        return policy.ends(self.delivered_date)

    def refundable_quantity(self, now: datetime, policy: ReturnPolicy) -> int:
        """How many units may be returned at ``now``."""
        deadline = self.refundable_until(policy)
        return self.available_quantity if deadline is not None and now < deadline else 0

    def is_refundable(self, now: datetime, policy: ReturnPolicy) -> bool:
        return self.refundable_quantity(now, policy) > 0

    @property
    def available_quantity(self) -> int:
        """The units that are neither removed nor promised to an approved return."""
        return self.quantity - self.settled_quantity

    @property
    def settled_quantity(self) -> int:
        """The removed units, and those of approved returns."""
        agreed = sum(self.units_of(request) for request in self.agreed_returns)
        return self.cancelled_quantity + self.refunded_quantity + agreed

    @property
    def agreed_returns(self) -> list[CancellationRequest]:
        """The approved returns: their units are still to come back."""
        return [
            request
            for request in self.cancellation_requests
            if not request.is_cancel and request.status is CancellationStatus.APPROVED
        ]

    @property
    def is_settled_here(self) -> bool:
        """Whether units of the line are settled by a request that was decided here."""
        return any(
            request.is_agreed and not request.is_imported for request in self.cancellation_requests
        )

    def open_request(self, request: CancellationRequest) -> None:
        """Add a new request; while a cancel is open, the line waits for the decision."""
        self.cancellation_requests.append(request)
        self.cancel_status = CancelStatus.WAITING
        self.modified_date = request.created_date
        if request.is_cancel:
            self.state_before_cancellation = self.progress
            self.state = OrderState.CANCELLATION_WAITING

    def approve_request(self, request: CancellationRequest, now: datetime) -> None:
        """Approve a request; the units of a cancel are cancelled now.

        Raises Conflict for a request that is not open, and if the line has fewer units left or
        was shipped meanwhile.
        """
        request.require_next(CancellationStatus.APPROVED)
        units = self.units_of(request)
        if not 1 <= units <= self.available_quantity:
            raise Conflict("The line has fewer units left.", code="too_few_units")
        if request.is_cancel and self.progress not in BEFORE_SHIPPING:
            raise Conflict("The line was shipped meanwhile.", code="already_shipped")
        request.move_to(CancellationStatus.APPROVED, now)
        request.quantity = units
        if request.is_cancel:
            self._restore_state()
            self.cancelled_quantity += units
            self.state = self.state if self.units_left else OrderState.CANCELLED
        self._set_cancel_status(CancelStatus.APPROVED, now)

    def reject_request(self, request: CancellationRequest, now: datetime) -> None:
        """Reject a request and restore the line's state. Raises Conflict if it is not open."""
        request.move_to(CancellationStatus.REJECTED, now)
        if request.easy_return:
            request.easy_return.end("cancelled", now)
        if request.is_cancel:
            self._restore_state()
        self._set_cancel_status(CancelStatus.REJECTED, now)

    def complete_request(self, request: CancellationRequest, now: datetime) -> None:
        """Complete a request; units of a refund are refunded. Raises Conflict if not approved."""
        units = self.units_of(request)
        request.move_to(CancellationStatus.COMPLETED, now)
        if not request.is_cancel:
            self.refunded_quantity += units
            self.state = self.state if self.units_left else OrderState.REFUNDED
        if request.easy_return:
            request.easy_return.end("completed", now)
        self._set_cancel_status(CancelStatus.COMPLETED, now)

    @property
    def is_rejectable(self) -> bool:
        """Whether its seller may reject the line: until it is packaged.

        (Seller center document, Reject; design: 100, 200, 300, and 700 if it was one of them.)
        """
        return self.progress in BEFORE_PACKAGING and self.available_quantity > 0

    def reject(self, now: datetime) -> None:
        """Set the state of a line that its seller rejected."""
        self.state = OrderState.REJECTED
        self.modified_date = now

    def offer_trade_in(self, offer: TradeInOffer) -> None:
        """Add a new offer, and mark the previous open one as expired."""
        newest = self.newest_offer
        if newest is not None and newest.state is TradeInState.OPEN:
            newest.state = TradeInState.EXPIRED
            newest.modified_date = offer.created_date
        self.trade_in_offers.append(offer)

    def _restore_state(self) -> None:
        self.state = self.progress
        self.state_before_cancellation = None

    def _set_cancel_status(self, cancel_status: CancelStatus, now: datetime) -> None:
        self.cancel_status = cancel_status
        self.modified_date = now

    def units_of(self, request: CancellationRequest) -> int:
        """The units of a request; one without a quantity has all units that are left.

        While the request is open, they do not include those of approved returns.
        """
        if request.quantity is not None:
            return request.quantity
        return self.available_quantity if request.is_open else self.units_left

    @property
    def _has_open_request(self) -> bool:
        return any(request.is_open for request in self.cancellation_requests)

    @property
    def units_left(self) -> int:
        """The units that are neither cancelled nor returned."""
        return self.quantity - self.cancelled_quantity - self.refunded_quantity
