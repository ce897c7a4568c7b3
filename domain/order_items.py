"""The lines of an order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from domain.cancellations import (
    CancellationRequest,
    CancellationStatus,
    CancellationType,
    CancelStatus,
)
from domain.policies import ReturnPolicy
from domain.products import Product
from domain.sellers import Seller
from domain.shipping import EasyReturnShippingCompany, ShippingCompany, ShippingOptionGroup
from domain.states import BEFORE_SHIPPING, CALLED_OFF, OrderState
from domain.trade_ins import TradeInOffer


@dataclass(eq=False, kw_only=True)
class OrderItem:
    """One line: ``quantity`` units of one product.

    Money in minor units of the order's currency; ``price`` is for the whole line, ``tax_rate`` in
    hundredths of a percent. ``line`` is the position within the order, from 1. ``discount_amount``
    is the line's share of the order's discounts.
    """

    pk: int = field(init=False)
    uuid: UUID = field(default_factory=uuid4)
    order_pk: int = field(init=False)
    line: int
    product: Product
    seller: Seller | None = None
    state: OrderState = OrderState.WAITING
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
        return self.state in CALLED_OFF

    @property
    def is_tradable(self) -> bool:
        """Whether a trade-in offer is open: the shop makes none yet."""
        return False

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
        return self._units_left

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
        if self._has_open_request or self._units_to_return <= 0:
            return None
        return policy.ends(self.delivered_date)

    def refundable_quantity(self, now: datetime, policy: ReturnPolicy) -> int:
        """How many units a refund may name at ``now``."""
        deadline = self.refundable_until(policy)
        return self._units_to_return if deadline is not None and now < deadline else 0

    def is_refundable(self, now: datetime, policy: ReturnPolicy) -> bool:
        return self.refundable_quantity(now, policy) > 0

    @property
    def _has_open_request(self) -> bool:
        return any(request.is_open for request in self.cancellation_requests)

    @property
    def _units_left(self) -> int:
        return self.quantity - self.cancelled_quantity - self.refunded_quantity

    @property
    def _units_to_return(self) -> int:
        """The units left, without those whose return is agreed upon but not done."""
        agreed = [
            request.quantity
            for request in self.cancellation_requests
            if request.cancellation_type is CancellationType.REFUND
            and request.status is CancellationStatus.APPROVED
        ]
        left = self._units_left
        return left - sum(left if quantity is None else quantity for quantity in agreed)
