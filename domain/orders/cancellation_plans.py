"""Cancellation plans: the requests of one order and seller, and the money that they give back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from domain.orders.cancellations import CancellationRequest, CancellationStatus, CancellationType
from domain.sellers.sellers import Seller


class PlanStatus(StrEnum):
    """The seller center document's states (Cancellation Plans, schema), in its spelling."""

    WAITING = "waiting"
    WAITING_SUPPLIER = "waiting_supplier"
    APPROVED = "approved"
    CONFIRMATION_WAITING = "confirmation_waiting"
    CONFIRMED = "confirmed"
    WAITING_FOR_PAYMENT = "waiting_for_payment"
    MANUEL_REFUND_NEED = "manuel_refund_need"
    REJECTED = "rejected"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(eq=False, kw_only=True)
class CancellationPlanItem:
    """One request of a plan, and the money that it gives back once it is completed.

    Minor units of the order's currency. ``refund_amount`` is the total,
    ``shipping_refund_amount`` the shipping in it, and ``own_shipping_refund_amount`` the seller's
    share of that shipping; ``discount_refund_amount`` is the discount lost with the units. The
    amounts are a forecast until the request is approved, and 0 once it is rejected. They are also
    0 if it was approved before the order was paid: ``unpaid_amount`` and
    ``unpaid_discount_amount`` are then what its units would have given back.
    """

    pk: int = field(init=False, repr=False)
    plan_pk: int = field(init=False, repr=False)
    request: CancellationRequest
    refund_amount: int = 0
    discount_refund_amount: int = 0
    shipping_refund_amount: int = 0
    own_shipping_refund_amount: int = 0
    unpaid_amount: int = 0
    unpaid_discount_amount: int = 0


@dataclass(eq=False, kw_only=True)
class CancellationPlan:
    """The requests of one type for one seller's lines of one order; lines may have no seller.

    ``invoice_number`` and ``payment_plan`` (JSON) come from the shop's accounting.
    """

    pk: int = field(init=False, repr=False)
    uuid: UUID = field(default_factory=uuid4)
    order_pk: int = field(init=False, repr=False)
    seller: Seller | None = None
    plan_type: CancellationType
    status: PlanStatus = PlanStatus.WAITING
    note: str | None = None
    invoice_number: str | None = None
    payment_plan: Mapping[str, Any] = field(default_factory=dict)
    created_date: datetime
    modified_date: datetime
    items: list[CancellationPlanItem] = field(default_factory=list)

    @property
    def refund_amount(self) -> int:
        return sum(item.refund_amount for item in self.items)

    @property
    def discount_refund_amount(self) -> int:
        return sum(item.discount_refund_amount for item in self.items)

    @property
    def shipping_refund_amount(self) -> int:
        return sum(item.shipping_refund_amount for item in self.items)

    def accepts(self, plan_type: CancellationType, seller: Seller | None) -> bool:
        """Whether a new request of this type and seller joins the plan: only while it waits."""
        same = self.plan_type is plan_type and self.seller is seller
        return same and self.status is PlanStatus.WAITING

    def refresh_status(self, now: datetime) -> None:
        """Set the status from the requests of the plan.

        Waiting while a request is open, else approved while one is approved, else completed if
        one is completed, else rejected.
        """
        statuses = {item.request.status for item in self.items}
        self.status = next(
            (plan for request, plan in _PLAN_STATUS_OF if request in statuses), PlanStatus.REJECTED
        )
        self.modified_date = now

    def mark(self, status: PlanStatus, note: str | None, now: datetime) -> None:
        """Set the status that the operator gives; the next decision on a request overwrites it."""
        self.status = status
        self.note = note
        self.modified_date = now


@dataclass(frozen=True, slots=True)
class ImportedPlan:
    """What an import document says of the plan of a request; None where it says nothing."""

    status: PlanStatus | None = None
    note: str | None = None
    invoice_number: str | None = None
    payment_plan: Mapping[str, Any] | None = None


_PLAN_STATUS_OF = (
    (CancellationStatus.OPEN, PlanStatus.WAITING),
    (CancellationStatus.APPROVED, PlanStatus.APPROVED),
    (CancellationStatus.COMPLETED, PlanStatus.COMPLETED),
)
