"""Cancellation drafts, as callers send them, and the shop's policy."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from domain.orders.cancellations import CancellationType
from domain.orders.return_policy import ReturnPolicy


@dataclass(frozen=True, slots=True)
class PickupSlot:
    """When a carrier may collect a parcel; times are local to the address."""

    date: date
    start: time
    end: time


@dataclass(frozen=True, kw_only=True, slots=True)
class CancellationDraft:
    """One row of a request to cancel or return, with the fields of the contract.

    ``quantity`` is at least 1; None means all units that are left.
    """

    order_item: int
    reason: int
    cancellation_type: CancellationType
    quantity: int | None = None
    description: str | None = None
    shipping_company: int | None = None
    pickup_address: int | None = None
    pickup_date: PickupSlot | None = None
    iban: str | None = field(default=None, repr=False)
    holder_name: str | None = None
    fully_refund_as_loyalty_money: bool | None = None

    def with_defaults(
        self, pickup_address: int | None, fully_refund_as_loyalty_money: bool | None
    ) -> "CancellationDraft":
        """Return the row of a bulk, with the bulk's two fields where the row lacks them."""
        loyalty = self.fully_refund_as_loyalty_money
        return replace(
            self,
            pickup_address=pickup_address if self.pickup_address is None else self.pickup_address,
            fully_refund_as_loyalty_money=(
                fully_refund_as_loyalty_money if loyalty is None else loyalty
            ),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CancellationPolicy:
    """The shop's settings for cancellations, and the check of an IBAN.

    ``compact_iban`` returns the IBAN in capitals without spaces, or None for a wrong checksum. A
    pickup is at most ``pickup_horizon_days`` ahead.
    """

    returns: ReturnPolicy
    compact_iban: Callable[[str], str | None]
    pickup_horizon_days: int = 30

    def can_be_picked_up(self, day: date, now: datetime) -> bool:
        """Whether ``day`` is after today (UTC) and within the horizon."""
        today = now.date()
        return today < day <= today + timedelta(days=self.pickup_horizon_days)
