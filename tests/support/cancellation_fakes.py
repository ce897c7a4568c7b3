"""Cancellations without a database: a unit of work over existing orders."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from domain.accounts.callers import Caller
from domain.audit import AuditEntry
from domain.cancellations.decisions import approve_request, complete_request
from domain.cancellations.drafts import CancellationDraft, CancellationPolicy, PickupSlot
from domain.cancellations.requests import CancellationRequestQuery, create_cancellation_request
from domain.orders.cancellations import CancellationReason, CancellationRequest, CancellationType
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.orders.return_policy import ReturnPolicy
from domain.orders.states import OrderState
from domain.outbox import OutboxEvent, OutboxKind
from domain.shared.paging import PageRequest
from tests.support.builders import NOW, make_item, make_order, make_reason
from tests.support.order_fakes import FakeOrders

CANCEL, REFUND = CancellationType.CANCEL, CancellationType.REFUND
SHOPPER = Caller(user_pk=1, is_guest=False)
STRANGER = Caller(user_pk=2, is_guest=False)
OPERATOR = "operator:ayse"
GOOD_IBAN = "TR33 0006 1005 1978 6457 8413 26"
TOMORROW = NOW.date() + timedelta(days=1)
SLOT = PickupSlot(TOMORROW, time(9), time(12))
_pks = count(1000)


def compact_iban(iban: str) -> str | None:
    """Accepts only GOOD_IBAN."""
    compact = iban.replace(" ", "").upper()
    return compact if compact == GOOD_IBAN.replace(" ", "") else None


POLICY = CancellationPolicy(returns=ReturnPolicy(timedelta(days=14)), compact_iban=compact_iban)


def stored_item(**overrides: Any) -> OrderItem:
    return make_item(**{"pk": next(_pks)} | overrides)


def delivered_item(**overrides: Any) -> OrderItem:
    yesterday = NOW - timedelta(days=1)
    travelled = {"shipped_date": yesterday, "delivered_date": yesterday}
    return stored_item(**{"state": OrderState.DELIVERED} | travelled | overrides)


def stored_order(*items: OrderItem, **overrides: Any) -> Order:
    """An order of SHOPPER with all its ids; without ``items`` it gets one."""
    for line, item in enumerate(items, 1):
        item.line = line
    order = make_order(**{"pk": next(_pks), "items": list(items) or [stored_item()]} | overrides)
    give_ids(order)
    return order


def give_ids(order: Order) -> None:
    """Assign pks to new parts, like persistence."""
    parts: list[Any] = [order.shipping_address, *order.cancellation_plans]
    for item in order.items:
        item.order_pk = order.pk
        parts += [*item.easy_return_companies, *item.cancellation_requests, *item.trade_in_offers]
        for request in item.cancellation_requests:
            request.order_item_pk = item.pk
    for part in parts:
        if getattr(part, "pk", None) is None:
            part.pk = next(_pks)


def draft(item: OrderItem | int, **fields: Any) -> CancellationDraft:
    """A draft to cancel the line with reason 1, or to return it with reason 2."""
    kind = fields.pop("cancellation_type", CANCEL)
    item_pk = item if isinstance(item, int) else item.pk
    reason = 1 if kind is CANCEL else 2
    default = CancellationDraft(order_item=item_pk, reason=reason, cancellation_type=kind)
    return replace(default, **fields)


class FakeCancellableOrders(FakeOrders):
    """Orders that can be locked."""

    def __init__(self, orders: Collection[Order]) -> None:
        super().__init__()
        self.orders = list(orders)

    def lock_by_items(self, item_pks: Collection[int], caller: Caller | None) -> list[Order]:
        return [
            order
            for order in sorted(self.orders, key=lambda order: order.pk)
            if self._is_own(order, caller) and any(item.pk in item_pks for item in order.items)
        ]

    def lock_by_request(self, request_pk: int) -> Order | None:
        return self.by_request(request_pk)

    def lock_by_plan(self, plan_pk: int) -> Order | None:
        for order in self.orders:
            if any(plan.pk == plan_pk for plan in order.cancellation_plans):
                return order
        return None

    def lock_by_seller(self, item_uuid: UUID, seller_pk: int) -> Order | None:
        for order in self.orders:
            for item in order.items:
                if item.uuid == item_uuid and item.seller and item.seller.pk == seller_pk:
                    return order
        return None

    def by_item(self, item_pk: int, caller: Caller | None) -> Order | None:
        return next(iter(self.lock_by_items([item_pk], caller)), None)

    def by_request(self, request_pk: int) -> Order | None:
        for order in self.orders:
            for item in order.items:
                if any(request.pk == request_pk for request in item.cancellation_requests):
                    return order
        return None

    def address_pks(self, pks: Collection[int], caller: Caller) -> set[int]:
        own = [order for order in self.orders if self._is_own(order, caller)]
        return {order.shipping_address.pk for order in own} & set(pks)

    def _is_own(self, order: Order, caller: Caller | None) -> bool:
        if caller is None:
            return True
        if order.user_pk != caller.user_pk or caller.order_pk not in (None, order.pk):
            return False
        own = (other for other in self.orders if other.user_pk == caller.user_pk)
        newest = max(own, key=lambda other: (other.created_date, other.pk))
        return order is newest or not caller.has_newest_only


class FakeReasons:
    def __init__(self, reasons: Collection[CancellationReason]) -> None:
        self.stored = {reason.pk: reason for reason in reasons}

    def add(self, reason: CancellationReason) -> None:
        reason.pk = next(_pks)
        self.stored[reason.pk] = reason

    def by_pks(self, pks: Collection[int]) -> Mapping[int, CancellationReason]:
        return {pk: self.stored[pk] for pk in pks if pk in self.stored}

    def ensure(self, reason: CancellationReason) -> CancellationReason:
        for stored in self.stored.values():
            if stored.uuid == reason.uuid:
                return stored
        self.add(reason)
        return reason

    def count_active(self, cancellation_type: CancellationType | None) -> int:
        return len(self._active(cancellation_type))

    def active(
        self, cancellation_type: CancellationType | None, page: PageRequest
    ) -> list[CancellationReason]:
        return self._active(cancellation_type)[page.offset : page.offset + page.limit]

    def lock(self, pk: int) -> CancellationReason | None:
        return self.stored.get(pk)

    def count(self, cancellation_type: CancellationType | None) -> int:
        return len(self._of(cancellation_type))

    def page(
        self, cancellation_type: CancellationType | None, page: PageRequest
    ) -> list[CancellationReason]:
        return self._of(cancellation_type)[page.offset : page.offset + page.limit]

    def _active(self, kind: CancellationType | None) -> list[CancellationReason]:
        return [reason for reason in self._of(kind) if reason.is_active]

    def _of(self, kind: CancellationType | None) -> list[CancellationReason]:
        reasons = self.stored.values()
        return [reason for reason in reasons if kind in (None, reason.cancellation_type)]


class FakeRequests:
    """The requests of some orders."""

    def __init__(self, orders: FakeCancellableOrders) -> None:
        self._orders = orders
        self.queries: list[CancellationRequestQuery] = []

    @contextmanager
    def opening(self, item_pks: Collection[int]) -> Iterator[None]:
        yield
        for order in self._orders.orders:
            give_ids(order)

    def count(self, query: CancellationRequestQuery) -> int:
        self.queries.append(query)
        return len(self._requests())

    def requests(
        self, query: CancellationRequestQuery, page: PageRequest
    ) -> list[CancellationRequest]:
        return self._requests()[page.offset : page.offset + page.limit]

    def order_numbers(self, item_pks: Collection[int]) -> Mapping[int, str]:
        lines = [(item.pk, order.number) for order in self._orders.orders for item in order.items]
        return {pk: number for pk, number in lines if pk in item_pks}

    def _requests(self) -> list[CancellationRequest]:
        items = [item for order in self._orders.orders for item in order.items]
        return [request for item in items for request in item.cancellation_requests]


class FakeAuditTrail:
    def __init__(self) -> None:
        self.added: list[AuditEntry] = []

    def add(self, entry: AuditEntry) -> None:
        self.added.append(entry)

    def entries(self, subject_uuid: UUID) -> list[AuditEntry]:
        return [entry for entry in self.added if entry.subject_uuid == subject_uuid]

    def changes(self, subject_uuid: UUID) -> list[tuple[str | None, str]]:
        """The states of a subject before and after each change."""
        return [(entry.from_state, entry.to_state) for entry in self.entries(subject_uuid)]


class FakeOutbox:
    def __init__(self) -> None:
        self.added: list[OutboxEvent] = []

    def add(self, event: OutboxEvent) -> None:
        event.pk = next(_pks)
        self.added.append(event)

    @property
    def kinds(self) -> list[OutboxKind]:
        return [event.kind for event in self.added]

    def get(self, pk: int) -> OutboxEvent | None:
        return next((event for event in self.added if event.pk == pk), None)

    def remove(self, event: OutboxEvent) -> None:
        self.added.remove(event)

    def lease(self, now: datetime, until: datetime, limit: int) -> list[OutboxEvent]:
        due = [event for event in self.added if event.due_date <= now][:limit]
        for event in due:
            event.due_date = until
        return due

    def count(self, status: Any) -> int:
        return len(self.added)

    def events(self, status: Any, page: PageRequest) -> list[OutboxEvent]:
        return self.added[page.offset : page.offset + page.limit]


class FakeUnitOfWork:
    """Orders, the reasons 1 (cancel) and 2 (refund) and others, audit trail and outbox."""

    seller_order_items: Any

    def __init__(self, *orders: Order, now: datetime = NOW, reasons: Any = ()) -> None:
        self.now = now
        self.orders = FakeCancellableOrders(orders)
        default = [make_reason(pk=1), make_reason(pk=2, cancellation_type=REFUND)]
        self.cancellation_reasons = FakeReasons([*default, *reasons])
        self.cancellation_requests = FakeRequests(self.orders)
        self.audit = FakeAuditTrail()
        self.outbox = FakeOutbox()
        self.commits = 0

    def commit(self) -> None:
        self.commits += 1
        for order in self.orders.orders:
            give_ids(order)


class Case:
    """An order, with requests created for its lines and decided."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.uow = FakeUnitOfWork(order)

    def create(self, line: int = 1, **fields: Any) -> CancellationRequest:
        new = draft(self.order.items[line - 1], **fields)
        return create_cancellation_request(SHOPPER, new, POLICY, self.uow)

    def decide(self, request: CancellationRequest, *services: Any) -> None:
        for service in services:
            service(request.pk, OPERATOR, self.uow)

    def complete(self, line: int = 1, **fields: Any) -> CancellationRequest:
        """Create a request, approve and complete it."""
        request = self.create(line, **fields)
        self.decide(request, approve_request, complete_request)
        return request
