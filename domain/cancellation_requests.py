"""Asking to cancel lines of an order, or to send them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from domain.callers import Caller
from domain.cancellation_drafts import CancellationDraft, CancellationPolicy
from domain.cancellations import CancellationRequest, CancellationStatus
from domain.paging import Page, PageRequest

if TYPE_CHECKING:
    from domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class CancellationRequestQuery:
    """Which requests: of one user, of one order, of one status; None stands for all."""

    user_pk: int | None = None
    order_pk: int | None = None
    status: CancellationStatus | None = None


class CancellationRequests(Protocol):
    """The stored requests. They are made as parts of their orders."""

    def count(self, query: CancellationRequestQuery) -> int:
        """Return how many requests there are."""

    def requests(
        self, query: CancellationRequestQuery, page: PageRequest
    ) -> list[CancellationRequest]:
        """Return one page, newest first (``created_date``, ties: higher pk).

        Each comes with its easy return and that one's carrier.
        """


def create_cancellation_request(
    caller: Caller, draft: CancellationDraft, policy: CancellationPolicy, uow: UnitOfWork
) -> CancellationRequest:
    """Open one request, and leave the commit to the caller.

    (The answer to an idempotency key has to be stored in the same transaction.) Nothing is
    changed before the last rule is checked, so that the transaction is fit for keeping a refusal.
    The rules come in this order, and all failing fields of one step together: what the body alone
    says (pickup date and hours), ids, reason, quantity, state, pickup, IBAN. Raises FieldErrors,
    RuleBroken where the state of the line or a missing pickup address is to blame, and Conflict
    when another open request for the line came first.
    """
    raise NotImplementedError


def create_bulk_cancellation_requests(
    caller: Caller,
    drafts: Sequence[CancellationDraft],
    policy: CancellationPolicy,
    uow: UnitOfWork,
) -> list[CancellationRequest]:
    """Open all requests or none, in the order of the drafts, and leave the commit to the caller.

    Raises RowErrors with every row that fails a rule of ``create_cancellation_request`` or names
    an item that an earlier row names, and Conflict as that does.
    """
    raise NotImplementedError


def list_cancellation_requests(
    caller: Caller, page: PageRequest, uow: UnitOfWork
) -> Page[CancellationRequest]:
    """Return one page of the caller's requests, newest first. Raises InvalidPage."""
    query = CancellationRequestQuery(user_pk=caller.user_pk, order_pk=caller.order_pk)
    count = uow.cancellation_requests.count(query)
    page.require_within(count)
    requests = uow.cancellation_requests.requests(query, page)
    return Page(count, page.number, page.limit, requests)
