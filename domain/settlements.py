"""The operator's desk: requests are approved, rejected and completed, and money is given back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.audit import AuditEntry
from domain.cancellation_plans import CancellationPlan, CancellationPlanItem, PlanStatus
from domain.cancellations import CancellationRequest, CancellationStatus
from domain.order_items import OrderItem
from domain.orders import Order
from domain.paging import Page, PageRequest

if TYPE_CHECKING:
    from domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A request with all that the operator wants to see of it; imported ones may have no plan."""

    order: Order
    item: OrderItem
    request: CancellationRequest
    plan: CancellationPlan | None
    plan_item: CancellationPlanItem | None
    audit: list[AuditEntry]


def list_all_requests(
    status: CancellationStatus | None, page: PageRequest, uow: UnitOfWork
) -> Page[CancellationRequest]:
    """Return one page of everybody's requests, newest first. Raises InvalidPage."""
    raise NotImplementedError


def show_request(request_pk: int, uow: UnitOfWork) -> ShownRequest:
    """Return a request and what it is about. Raises NotFound."""
    raise NotImplementedError


def approve_request(request_pk: int, actor: str, uow: UnitOfWork) -> CancellationRequest:
    """Agree to an open request.

    The units of a cancel are off at once; those of a refund once they have come back. What the
    request gives back is settled now. Raises NotFound, and Conflict, with the reason, for a
    request that is not open and for units that are not there any more or shipped.
    """
    raise NotImplementedError


def reject_request(request_pk: int, actor: str, uow: UnitOfWork) -> CancellationRequest:
    """Turn an open request down: the line is as it was before.

    Raises NotFound, and Conflict for a request that is not open.
    """
    raise NotImplementedError


def complete_request(request_pk: int, actor: str, uow: UnitOfWork) -> CancellationRequest:
    """Book what an approved request gives back: as money, or as loyalty money if so wished.

    Raises NotFound, and Conflict for a request that is not approved.
    """
    raise NotImplementedError


def mark_plan(
    plan_pk: int, status: PlanStatus, note: str | None, actor: str, uow: UnitOfWork
) -> CancellationPlan:
    """Put a plan into any of the documented states by hand, with a note. Raises NotFound."""
    raise NotImplementedError
