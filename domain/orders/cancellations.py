"""Requests to cancel or return lines of an order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from domain.orders.shipping import ShippingCompany
from domain.shared.errors import Conflict


class CancellationType(StrEnum):
    CANCEL = "cancel"
    REFUND = "refund"


class CancellationStatus(StrEnum):
    """open → approved | rejected; approved → completed."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    COMPLETED = "completed"


class CancelStatus(StrEnum):
    """The progress of a line's cancellation (values of the seller center document)."""

    WAITING = "waiting"
    CONFIRMATION_WAITING = "confirmation_waiting"
    CONFIRMED = "confirmed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WAITING_FOR_PAYMENT = "waiting_for_payment"
    MANUEL_REFUND_NEED = "manuel_refund_need"
    COMPLETED = "completed"


@dataclass(eq=False, kw_only=True)
class CancellationReason:
    """Why a shopper cancels or returns.

    ``translations`` is ``{language: {"subject": ...}}``; ``order`` is a sort position.
    """

    pk: int = field(init=False, repr=False)
    uuid: UUID = field(default_factory=uuid4)
    cancellation_type: CancellationType
    translations: Mapping[str, Any]
    extra_information_needed: bool = False
    order: int = 0
    is_active: bool = True
    created_date: datetime
    modified_date: datetime


@dataclass(eq=False, kw_only=True)
class EasyReturn:
    """The return parcel of a refund.

    Pick-up times are local to the address, which is one of the shopper's.
    """

    pk: int = field(init=False, repr=False)
    cancellation_request_pk: int = field(init=False, repr=False)
    shipping_company: ShippingCompany
    code: str
    status: str = "active"
    start_date: datetime | None = None
    end_date: datetime | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    pickup_address_pk: int | None = None
    pickup_date: date | None = None
    pickup_start: time | None = None
    pickup_end: time | None = None

    def end(self, status: str, now: datetime) -> None:
        """End the return: ``completed``, or ``cancelled``."""
        self.status = status
        self.end_date = now


@dataclass(eq=False, kw_only=True)
class CancellationRequestImage:
    """A picture of the goods; ``image`` is its URL."""

    pk: int = field(init=False, repr=False)
    cancellation_request_pk: int = field(init=False, repr=False)
    image: str
    description: str | None = None
    is_uploaded_by_user: bool = True
    created_date: datetime
    modified_date: datetime


class RequestStage:
    """What the type and the status of a request mean for its units and its money."""

    __slots__ = ()
    cancellation_type: CancellationType
    status: CancellationStatus

    @property
    def is_cancel(self) -> bool:
        """Whether units are cancelled before shipping; else they are returned."""
        return self.cancellation_type is CancellationType.CANCEL

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision; meanwhile the line can have no other request."""
        return self.status is CancellationStatus.OPEN

    @property
    def is_active(self) -> bool:
        """Whether a decision or the refund is pending."""
        return self.status in (CancellationStatus.OPEN, CancellationStatus.APPROVED)

    @property
    def is_agreed(self) -> bool:
        """Whether it was approved: approved or completed."""
        return self.status in (CancellationStatus.APPROVED, CancellationStatus.COMPLETED)


@dataclass(eq=False, kw_only=True)
class CancellationRequest(RequestStage):
    """A request to cancel or return ``quantity`` units of a line (None: all that are left).

    ``is_imported``: an import created it and it was not decided here, so later documents may
    change it.
    """

    pk: int = field(init=False, repr=False)
    uuid: UUID = field(default_factory=uuid4)
    order_item_pk: int = field(init=False, repr=False)
    reason_pk: int
    cancellation_type: CancellationType
    status: CancellationStatus = CancellationStatus.OPEN
    description: str | None = None
    iban: str | None = field(default=None, repr=False)
    holder_name: str | None = None
    quantity: int | None = None
    fully_refund_as_loyalty_money: bool | None = None
    is_imported: bool = False
    created_date: datetime
    modified_date: datetime
    easy_return: EasyReturn | None = None
    images: list[CancellationRequestImage] = field(default_factory=list)

    def move_to(self, status: CancellationStatus, now: datetime) -> None:
        """Set the next status. Raises Conflict for an illegal transition."""
        self.require_next(status)
        self.status = status
        self.is_imported = False
        self.modified_date = now

    def can_become(self, status: CancellationStatus) -> bool:
        """Whether the present status can lead to this one, in one or two steps."""
        return status in _NEXT[self.status] or any(
            status in _NEXT[between] for between in _NEXT[self.status]
        )

    def require_next(self, status: CancellationStatus) -> None:
        """Raise Conflict if this is not a next status of the present one."""
        if status not in _NEXT[self.status]:
            raise Conflict(
                "A request that is %(present)s can not become %(wanted)s.",
                code="illegal_transition",
                params={"present": self.status.value, "wanted": status.value},
            )


_NEXT = {
    CancellationStatus.OPEN: {CancellationStatus.APPROVED, CancellationStatus.REJECTED},
    CancellationStatus.APPROVED: {CancellationStatus.COMPLETED},
    CancellationStatus.REJECTED: set[CancellationStatus](),
    CancellationStatus.COMPLETED: set[CancellationStatus](),
}
