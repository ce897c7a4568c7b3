"""Asking to cancel lines of an order, or to send them back."""

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
from domain.cancellations.refund_plans import forecast_refund, plan_request
from domain.cancellations.rules import Known, check_draft, chosen_company
from domain.orders.cancellation_plans import CancellationPlanItem
from domain.orders.cancellations import (
    CancellationRequest,
    CancellationStatus,
    CancellationType,
    EasyReturn,
)
from domain.orders.order_emails import announce_requests
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
    """Which requests: of one user, of one order, of one status; None stands for all.

    ``newest_only`` picks those of the user's newest order (``created_date``, ties: higher pk).
    """

    user_pk: int | None = None
    newest_only: bool = False
    order_pk: int | None = None
    status: CancellationStatus | None = None


class CancellationRequests(Protocol):
    """The stored requests. They are made as parts of their orders."""

    def opening(self, item_pks: Collection[int]) -> AbstractContextManager[None]:
        """Store at its end what the block opens for these lines, and give it its pks.

        Raises Conflict when another open request of the same type for one of them came first;
        nothing that the block did is left then.
        """

    def count(self, query: CancellationRequestQuery) -> int:
        """Return how many requests there are."""

    def requests(
        self, query: CancellationRequestQuery, page: PageRequest
    ) -> list[CancellationRequest]:
        """Return one page, newest first (``created_date``, ties: higher pk).

        Each comes with its easy return and that one's carrier.
        """

    def order_numbers(self, item_pks: Collection[int]) -> Mapping[int, str]:
        """Return, by the pk of each of these lines, the number of its order."""


class CancellationWork(OrderWork, ReasonWork, OutboxWork, Protocol):
    """A unit of work on cancellation requests and their orders."""

    @property
    def cancellation_requests(self) -> CancellationRequests: ...


def create_cancellation_request(
    caller: Caller, draft: CancellationDraft, policy: CancellationPolicy, uow: CancellationWork
) -> CancellationRequest:
    """Open one request, and leave the commit to the caller.

    (The answer to an idempotency key has to be stored in the same transaction.) Nothing is
    changed before the last rule is checked, so that the transaction is fit for keeping a refusal.
    The rules come in this order, and all failing fields of one step together: what the body alone
    says (pickup date and hours), ids, reason, quantity, state, pickup, IBAN. Raises FieldErrors,
    RuleBroken where the state of the line or a missing pickup address is to blame, and Conflict
    when another open request for the line came first.
    """
    known = _look_up([draft], caller, policy, uow)
    check_draft(draft, known)
    [request] = _open([draft], caller, known, uow)
    return request


def create_bulk_cancellation_requests(
    caller: Caller,
    drafts: Sequence[CancellationDraft],
    policy: CancellationPolicy,
    uow: CancellationWork,
    *,
    order_pk: int | None = None,
) -> list[CancellationRequest]:
    """Open all requests or none, in the order of the drafts, and leave the commit to the caller.

    With ``order_pk``, an item of another order is like one that does not exist. Raises RowErrors
    with every row that fails a rule of ``create_cancellation_request`` or names an item that an
    earlier row names, and Conflict as that does.
    """
    known = _look_up(drafts, caller, policy, uow)
    if order_pk is not None:
        known = known.within(order_pk)
    refusals = dict(_refusals(drafts, known))
    if refusals:
        raise RowErrors(refusals)
    return _open(drafts, caller, known, uow)


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


def _look_up(
    drafts: Sequence[CancellationDraft],
    caller: Caller,
    policy: CancellationPolicy,
    uow: CancellationWork,
) -> Known:
    """Lock the lines that are named and are the caller's, and look the rest up."""
    item_pks = _storable(draft.order_item for draft in drafts)
    addresses = _storable(draft.pickup_address for draft in drafts)
    # First, so that the locks are held no longer than they have to be.
    reasons = uow.cancellation_reasons.by_pks(_storable(draft.reason for draft in drafts))
    return Known(
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


def _refusals(drafts: Sequence[CancellationDraft], known: Known) -> Iterator[tuple[int, Refusal]]:
    named: set[int] = set()
    for index, draft in enumerate(drafts):
        try:
            check_draft(draft, known, is_repeated=draft.order_item in named)
        except (FieldErrors, RuleBroken) as refusal:
            yield index, refusal
        named.add(draft.order_item)


def _open(
    drafts: Sequence[CancellationDraft], caller: Caller, known: Known, uow: CancellationWork
) -> list[CancellationRequest]:
    """Open what has passed every rule, plan it, and tell the shopper, once for each order."""
    orders = {order.pk: order for order, _ in known.lines.values()}
    opened: dict[int, list[tuple[OrderItem, CancellationPlanItem]]] = defaultdict(list)
    requests = []
    with (
        uow.cancellation_requests.opening(known.lines),
        audited(list(orders.values()), caller.actor, uow),
    ):
        for draft in drafts:
            order, item = known.lines[draft.order_item]
            plan_imported_requests(order)
            request = _request(draft, item, known)
            item.open_request(request)
            order.modified_date = known.now
            planned = plan_request(order, item, request, known.now)
            forecast_refund(order, item, planned)
            opened[order.pk].append((item, planned))
            requests.append(request)
        for pk, order in orders.items():
            announce_requests(OutboxKind.CANCELLATION_RECEIVED, order, opened[pk], uow)
    return requests


def _request(draft: CancellationDraft, item: OrderItem, known: Known) -> CancellationRequest:
    iban = (draft.iban or "").strip()
    return CancellationRequest(
        reason_pk=draft.reason,
        cancellation_type=draft.cancellation_type,
        quantity=draft.quantity or item.free_quantity,
        description=draft.description,
        iban=known.policy.compact_iban(iban) if iban else None,
        holder_name=draft.holder_name if (draft.holder_name or "").strip() else None,
        fully_refund_as_loyalty_money=draft.fully_refund_as_loyalty_money,
        created_date=known.now,
        modified_date=known.now,
        easy_return=_easy_return(draft, item, known),
    )


def _easy_return(draft: CancellationDraft, item: OrderItem, known: Known) -> EasyReturn | None:
    """Return how the goods travel back; only what was sent does, and only with a carrier."""
    company = chosen_company(draft, item)
    if company is None or draft.cancellation_type is CancellationType.CANCEL:
        return None
    slot = draft.pickup_date
    return EasyReturn(
        shipping_company=company.shipping_company,
        code=f"{randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}",
        start_date=known.now,
        pickup_address_pk=draft.pickup_address,
        pickup_date=slot.date if slot else None,
        pickup_start=slot.start if slot else None,
        pickup_end=slot.end if slot else None,
    )
