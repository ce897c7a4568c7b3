"""Create and list requests to cancel or return lines of an order."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from secrets import randbelow
from typing import Protocol

from domain.accounts.callers import Caller
from domain.cancellations.drafts import CancellationDraft, CancellationPolicy
from domain.cancellations.imported_plans import plan_imported_requests
from domain.cancellations.reasons import ReasonWork
from domain.cancellations.refunds import forecast_refund, plan_request
from domain.cancellations.rules import LoadedReferences, check_draft, chosen_company
from domain.orders.cancellation_plans import CancellationPlanItem
from domain.orders.cancellations import (
    CancellationRequest,
    CancellationStatus,
    CancellationType,
    EasyReturn,
)
from domain.orders.order_emails import enqueue_request_email
from domain.orders.order_items import OrderItem
from domain.orders.orders import OrderWork
from domain.orders.state_changes import audited
from domain.outbox import OutboxKind, OutboxWork
from domain.shared.errors import FieldErrors, Refusal, RowErrors, RuleBroken
from domain.shared.identifiers import is_storable_pk
from domain.shared.paging import Page, PageRequest

_CODE_DIGITS = 10


@dataclass(frozen=True, slots=True)
class CancellationRequestQuery:
    """Filters of a list of requests: one user, order or status; None means all.

    ``newest_only`` picks those of the user's newest order (``created_date``, ties: higher pk).
    """

    user_pk: int | None = None
    newest_only: bool = False
    order_pk: int | None = None
    status: CancellationStatus | None = None


class CancellationRequests(Protocol):
    """The stored requests. They are created as parts of their orders."""

    def opening(self, item_pks: Collection[int]) -> AbstractContextManager[None]:
        """At the block's end, store the requests opened for these lines, and set their pks.

        Raises Conflict, and undoes the block, if another request of the same type was opened for
        one of the lines first.
        """

    def count(self, query: CancellationRequestQuery) -> int:
        """Return how many requests there are."""

    def requests(
        self, query: CancellationRequestQuery, page: PageRequest
    ) -> list[CancellationRequest]:
        """Return one page, newest first (``created_date``, ties: higher pk).

        Their easy returns and carriers are loaded.
        """

    def order_numbers(self, item_pks: Collection[int]) -> Mapping[int, str]:
        """Return the order numbers of these lines, by the pk of the line."""


class CancellationWork(OrderWork, ReasonWork, OutboxWork, Protocol):
    """A unit of work on cancellation requests and their orders."""

    @property
    def cancellation_requests(self) -> CancellationRequests: ...


def create_cancellation_request(
    caller: Caller, draft: CancellationDraft, policy: CancellationPolicy, uow: CancellationWork
) -> CancellationRequest:
    """Create one request without a commit.

    The caller commits, because the response to an idempotency key is stored in the same
    transaction. Nothing is changed before all rules are checked, so that an error response can be
    stored as well. Rules are checked in steps: pickup date and hours, ids, reason, quantity,
    state, pickup, IBAN. Raises FieldErrors with all failing fields of a step, RuleBroken for the
    state of the line and for a missing pickup address, and Conflict if another request for the
    line was opened first.
    """
    references = _load_references([draft], caller, policy, uow)
    check_draft(draft, references)
    [request] = _create([draft], caller, references, uow)
    return request


def create_bulk_cancellation_requests(
    caller: Caller,
    drafts: Sequence[CancellationDraft],
    policy: CancellationPolicy,
    uow: CancellationWork,
    *,
    order_pk: int | None = None,
) -> list[CancellationRequest]:
    """Create all requests or none, in the order of the drafts, without a commit.

    With ``order_pk``, items of other orders are treated as absent. Raises RowErrors with every row
    that fails a rule of ``create_cancellation_request`` or repeats the item of an earlier row, and
    Conflict like that function.
    """
    references = _load_references(drafts, caller, policy, uow)
    if order_pk is not None:
        references = references.within(order_pk)
    refusals = dict(_errors_by_row(drafts, references))
    if refusals:
        raise RowErrors(refusals)
    return _create(drafts, caller, references, uow)


def list_cancellation_requests(
    caller: Caller, page: PageRequest, uow: CancellationWork
) -> Page[CancellationRequest]:
    """Return one page of the caller's requests, newest first. Raises InvalidPage.

    A guest has only those of their newest order, or of the order that they looked up.
    """
    query = CancellationRequestQuery(
        user_pk=caller.user_pk, newest_only=caller.has_newest_only, order_pk=caller.order_pk
    )
    count = uow.cancellation_requests.count(query)
    page.require_within(count)
    requests = uow.cancellation_requests.requests(query, page)
    return Page(count, page.number, page.limit, requests)


def _load_references(
    drafts: Sequence[CancellationDraft],
    caller: Caller,
    policy: CancellationPolicy,
    uow: CancellationWork,
) -> LoadedReferences:
    """Lock the caller's lines that the drafts name, and load the reasons and addresses."""
    item_pks = _storable(draft.order_item for draft in drafts)
    addresses = _storable(draft.pickup_address for draft in drafts)
    # First, so that the locks are held as briefly as possible.
    reasons = uow.cancellation_reasons.by_pks(_storable(draft.reason for draft in drafts))
    return LoadedReferences(
        now=uow.now,
        policy=policy,
        lines={
            item.pk: (order, item)
            for order in uow.orders.lock_by_items(item_pks, caller)
            for item in order.items
            if item.pk in item_pks
        },
        reasons=reasons,
        address_pks=uow.orders.address_pks(addresses, caller) if addresses else (),
    )


def _storable(pks: Iterable[int | None]) -> set[int]:
    return {pk for pk in pks if pk is not None and is_storable_pk(pk)}


def _errors_by_row(
    drafts: Sequence[CancellationDraft], references: LoadedReferences
) -> Iterator[tuple[int, Refusal]]:
    named: set[int] = set()
    for index, draft in enumerate(drafts):
        try:
            check_draft(draft, references, is_repeated=draft.order_item in named)
        except (FieldErrors, RuleBroken) as refusal:
            yield index, refusal
        named.add(draft.order_item)


def _create(
    drafts: Sequence[CancellationDraft],
    caller: Caller,
    references: LoadedReferences,
    uow: CancellationWork,
) -> list[CancellationRequest]:
    """Create and plan requests that passed all rules, and enqueue one e-mail for each order."""
    orders = {order.pk: order for order, _ in references.lines.values()}
    opened: dict[int, list[tuple[OrderItem, CancellationPlanItem]]] = defaultdict(list)
    requests = []
    with (
        uow.cancellation_requests.opening(references.lines),
        audited(list(orders.values()), caller.actor, uow),
    ):
        for draft in drafts:
            order, item = references.lines[draft.order_item]
            plan_imported_requests(order)
            request = _request(draft, item, references)
            item.open_request(request)
            order.modified_date = references.now
            plan_item = plan_request(order, item, request, references.now)
            forecast_refund(order, item, plan_item)
            opened[order.pk].append((item, plan_item))
            requests.append(request)
        for pk, order in orders.items():
            enqueue_request_email(OutboxKind.CANCELLATION_RECEIVED, order, opened[pk], uow)
    return requests


def _request(
    draft: CancellationDraft, item: OrderItem, references: LoadedReferences
) -> CancellationRequest:
    iban = (draft.iban or "").strip()
    return CancellationRequest(
        reason_pk=draft.reason,
        cancellation_type=draft.cancellation_type,
        quantity=draft.quantity or item.available_quantity,
        description=draft.description,
        iban=references.policy.compact_iban(iban) if iban else None,
        holder_name=draft.holder_name if (draft.holder_name or "").strip() else None,
        fully_refund_as_loyalty_money=draft.fully_refund_as_loyalty_money,
        created_date=references.now,
        modified_date=references.now,
        easy_return=_easy_return(draft, item, references),
    )


def _easy_return(
    draft: CancellationDraft, item: OrderItem, references: LoadedReferences
) -> EasyReturn | None:
    """Return the return parcel of a refund with a carrier, else None."""
    company = chosen_company(draft, item)
    if company is None or draft.cancellation_type is CancellationType.CANCEL:
        return None
    slot = draft.pickup_date
    return EasyReturn(
        shipping_company=company.shipping_company,
        code=f"{randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}",
        start_date=references.now,
        pickup_address_pk=draft.pickup_address,
        pickup_date=slot.date if slot else None,
        pickup_start=slot.start if slot else None,
        pickup_end=slot.end if slot else None,
    )
