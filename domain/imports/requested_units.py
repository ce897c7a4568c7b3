"""The units that the requests of one line name, and the check that the line has them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.imports.parts import Rejected
from domain.orders.cancellations import CancellationStatus, CancellationType, RequestStage


@dataclass(frozen=True, slots=True)
class RequestedUnits(RequestStage):
    """A request's type, status and units (None: all that are left)."""

    cancellation_type: CancellationType
    status: CancellationStatus
    quantity: int | None

    @property
    def is_promised(self) -> bool:
        """Whether its units are removed and its money is still to be refunded."""
        return self.is_cancel and self.status is CancellationStatus.APPROVED

    @property
    def is_removed(self) -> bool:
        """Whether its units count as cancelled or as refunded."""
        if self.is_cancel:
            return self.is_agreed
        return self.status is CancellationStatus.COMPLETED


def removed_units(requests: Iterable[RequestedUnits], cancellation_type: CancellationType) -> int:
    """Return the units that requests of this type cancelled, or returned."""
    return sum(
        requested.quantity or 0
        for requested in requests
        if requested.is_removed and requested.cancellation_type is cancellation_type
    )


def require_units(
    pointer: str, quantity: int, cancelled: int, refunded: int, requests: Sequence[RequestedUnits]
) -> None:
    """Check all requests of a line together; ``pointer`` is the place of the line.

    Raises Rejected for a second open request, for more units than the line has, and for counters
    below what the requests removed. (The same rules hold for requests that are made here.)
    """
    requests_pointer = f"{pointer}/cancellation_requests"
    opened = [requested for requested in requests if requested.is_open]
    if len(opened) > 1:
        raise Rejected(requests_pointer, "The line has another open request.")
    for name, counter, kind in (
        ("cancelled_quantity", cancelled, CancellationType.CANCEL),
        ("refunded_quantity", refunded, CancellationType.REFUND),
    ):
        if removed_units(requests, kind) > counter:
            raise Rejected(f"{pointer}/{name}", "The requests name more units.")
    pending = sum(
        requested.quantity or 1 for requested in (*opened, *filter(is_on_its_way, requests))
    )
    if cancelled + refunded + pending > quantity:
        raise Rejected(requests_pointer, "The line has fewer units.")


def is_on_its_way(requested: RequestedUnits) -> bool:
    return requested.is_agreed and not requested.is_removed
