"""Cancels stored orders, like handlers and the operator's commands."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

from domain.accounts.callers import Caller
from domain.cancellations.drafts import CancellationDraft, CancellationPolicy, PickupSlot
from domain.cancellations.requests import (
    create_bulk_cancellation_requests,
    create_cancellation_request,
)
from domain.orders.cancellations import CancellationReason, CancellationRequest, CancellationType
from domain.orders.orders import Order
from domain.orders.return_policy import ReturnPolicy
from persistence.database import Database
from tests.support.builders import NOW, make_reason

CANCEL, REFUND = CancellationType.CANCEL, CancellationType.REFUND
OPERATOR = "operator:ayse"
SLOT = PickupSlot(NOW.date() + timedelta(days=2), time(9), time(12))


def compact_iban(iban: str) -> str | None:
    """Accepts any text that begins with TR as an IBAN."""
    compact = iban.replace(" ", "").upper()
    return compact if compact.startswith("TR") else None


POLICY = CancellationPolicy(returns=ReturnPolicy(timedelta(days=14)), compact_iban=compact_iban)


def store_reason_of(
    database: Database, cancellation_type: CancellationType = CANCEL, **overrides: Any
) -> CancellationReason:
    reason = make_reason(cancellation_type=cancellation_type, **overrides)
    with database.writing() as uow:
        uow.cancellation_reasons.add(reason)
        uow.commit()
    return reason


class StoredCancellations:
    """Creates cancellation requests with a stored reason, and decides them.

    ``is_guest``: the caller is a guest with a session.
    """

    def __init__(self, database: Database, *, is_guest: bool = False) -> None:
        self.database = database
        self.is_guest = is_guest
        self.reasons = {kind: store_reason_of(database, kind) for kind in CancellationType}

    def draft(self, item_pk: int, kind: CancellationType = CANCEL, **fields: Any) -> Any:
        """A draft that is valid unless the line's state forbids it."""
        reason = fields.pop("reason", self.reasons[kind].pk)
        draft = CancellationDraft(order_item=item_pk, reason=reason, cancellation_type=kind)
        return replace(draft, **fields)

    def create(self, order: Order, draft: CancellationDraft) -> CancellationRequest:
        caller = Caller(order.user_pk, self.is_guest)
        with self.database.writing() as uow:
            request = create_cancellation_request(caller, draft, POLICY, uow)
            uow.commit()
        return request

    def create_bulk(
        self, order: Order, drafts: list[CancellationDraft]
    ) -> list[CancellationRequest]:
        caller = Caller(order.user_pk, self.is_guest)
        with self.database.writing() as uow:
            requests = create_bulk_cancellation_requests(caller, drafts, POLICY, uow)
            uow.commit()
        return requests

    def decide(self, service: Any, request_pk: int) -> CancellationRequest:
        """Decide a request by a service of ``domain.cancellations.decisions``."""
        with self.database.writing() as uow:
            request: CancellationRequest = service(request_pk, OPERATOR, uow)
        return request

    def order(self, pk: int) -> Order:
        """The stored order with its plans."""
        with self.database.writing() as uow:
            [order] = uow.orders.lock_by_items(self.item_pks(pk), None)
        return order

    def item_pks(self, order_pk: int) -> list[int]:
        with self.database.reading() as uow:
            order = uow.orders.get(order_pk)
        assert order is not None
        return [item.pk for item in order.items]
