"""The lines of an order."""

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
    is the line's share of the order's discounts. ``state_before_cancellation`` is what the state
    was before somebody asked to cancel, while that is open.
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
        """Whether the whole line was called off, by whomever."""
        return self.state in CANCELLED_OR_REJECTED

    @property
    def progress(self) -> OrderState:
        """The state, or what it was before the open request to cancel.

        A line that was imported as waiting for a cancellation may have no state before it: it
        counts as waiting.
        """
        if self.state is OrderState.CANCELLATION_WAITING:
            return self.state_before_cancellation or OrderState.WAITING
        return self.state

    def is_tradable(self, now: datetime) -> bool:
        """Whether a trade-in offer is open and has not run out."""
        return self.tradable_until(now) is not None

    def tradable_until(self, now: datetime) -> datetime | None:
        """When the open trade-in offer runs out; None where none is open."""
        newest = self.newest_offer
        return newest.expires_date if newest is not None and newest.is_open(now) else None

    @property
    def newest_offer(self) -> TradeInOffer | None:
        """The trade-in offer that counts: offers stand in the order of their making."""
        return self.trade_in_offers[-1] if self.trade_in_offers else None

    @property
    def active_cancellation_request(self) -> CancellationRequest | None:
        """The most recent request that is not done with."""
        active = [request for request in self.cancellation_requests if request.is_active]
        return max(active, key=lambda request: (request.created_date, request.pk), default=None)

    @property
    def cancellable_quantity(self) -> int:
        """How many units a cancellation may name now: none once shipped or while one is asked."""
        if self.state not in BEFORE_SHIPPING or self._has_open_request:
            return 0
        return self.available_quantity

    @property
    def is_cancellable(self) -> bool:
        return self.cancellable_quantity > 0

    def refundable_until(self, policy: ReturnPolicy) -> datetime | None:
        """The first moment at which nothing of the line can be sent back any more.

        None when nothing of it can be sent back anyway: it was not delivered (or nobody knows
        when), all of it is gone or on its way back, or a request waits for a decision.
        """
        if self.state is not OrderState.DELIVERED or self.delivered_date is None:
            return None
        if self._has_open_request or self.available_quantity <= 0:
            return None
        return policy.ends(self.delivered_date)

    def refundable_quantity(self, now: datetime, policy: ReturnPolicy) -> int:
        """How many units a refund may name at ``now``."""
        deadline = self.refundable_until(policy)
        return self.available_quantity if deadline is not None and now < deadline else 0

    def is_refundable(self, now: datetime, policy: ReturnPolicy) -> bool:
        return self.refundable_quantity(now, policy) > 0

    @property
    def available_quantity(self) -> int:
        """The units that are left, without those whose return is agreed upon but not done."""
        return self.quantity - self.settled_quantity

    @property
    def settled_quantity(self) -> int:
        """The units that are off or back, and those whose return is agreed upon."""
        agreed = sum(self.units_of(request) for request in self.agreed_returns)
        return self.cancelled_quantity + self.refunded_quantity + agreed

    @property
    def agreed_returns(self) -> list[CancellationRequest]:
        """The requests whose units are to come back."""
        return [
            request
            for request in self.cancellation_requests
            if not request.is_cancel and request.status is CancellationStatus.APPROVED
        ]

    @property
    def is_settled_here(self) -> bool:
        """Whether units of the line are settled by a request that documents do not own."""
        return any(
            request.is_agreed and not request.is_imported for request in self.cancellation_requests
        )

    def open_request(self, request: CancellationRequest) -> None:
        """Take a new request in; while a cancel is open, the line waits for the decision."""
        self.cancellation_requests.append(request)
        self.cancel_status = CancelStatus.WAITING
        self.modified_date = request.created_date
        if request.is_cancel:
            self.state_before_cancellation = self.progress
            self.state = OrderState.CANCELLATION_WAITING

    def approve_request(self, request: CancellationRequest, now: datetime) -> None:
        """Agree: the units of a cancel are off at once.

        Raises Conflict for a request that is not open, and when the line has fewer units left or
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
            self._wait_no_more()
            self.cancelled_quantity += units
            self.state = self.state if self.units_left else OrderState.CANCELLED
        self._follow(CancelStatus.APPROVED, now)

    def reject_request(self, request: CancellationRequest, now: datetime) -> None:
        """Refuse: the line is as it was. Raises Conflict for a request that is not open."""
        request.move_to(CancellationStatus.REJECTED, now)
        if request.easy_return:
            request.easy_return.end("cancelled", now)
        if request.is_cancel:
            self._wait_no_more()
        self._follow(CancelStatus.REJECTED, now)

    def complete_request(self, request: CancellationRequest, now: datetime) -> None:
        """Finish: the units of a refund are back. Raises Conflict for one that was not agreed."""
        units = self.units_of(request)
        request.move_to(CancellationStatus.COMPLETED, now)
        if not request.is_cancel:
            self.refunded_quantity += units
            self.state = self.state if self.units_left else OrderState.REFUNDED
        if request.easy_return:
            request.easy_return.end("completed", now)
        self._follow(CancelStatus.COMPLETED, now)

    @property
    def is_rejectable(self) -> bool:
        """Whether its seller may say that they can not deliver it: as long as it is not packaged.

        (Seller center document, Reject; design: 100, 200, 300, and 700 if it was one of them.)
        """
        return self.progress in BEFORE_PACKAGING and self.available_quantity > 0

    def reject(self, now: datetime) -> None:
        """Note that its seller called it off; nothing of it is left any more."""
        self.state = OrderState.REJECTED
        self.modified_date = now

    def offer_trade_in(self, offer: TradeInOffer) -> None:
        """Take a new offer in, and note that the one before has run out."""
        newest = self.newest_offer
        if newest is not None and newest.state is TradeInState.OPEN:
            newest.state = TradeInState.EXPIRED
            newest.modified_date = offer.created_date
        self.trade_in_offers.append(offer)

    def _wait_no_more(self) -> None:
        self.state = self.progress
        self.state_before_cancellation = None

    def _follow(self, cancel_status: CancelStatus, now: datetime) -> None:
        self.cancel_status = cancel_status
        self.modified_date = now

    def units_of(self, request: CancellationRequest) -> int:
        """The units of a request; one that names none is about all that are left.

        While it is open, those that are on their way back are not its.
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
