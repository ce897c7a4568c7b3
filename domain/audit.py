"""The trail that every change of state leaves: who, when, from what, to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from domain.orders import Order
    from domain.unit_of_work import UnitOfWork


class Subject(StrEnum):
    """What has states."""

    ORDER = "order"
    ORDER_ITEM = "order_item"
    CANCELLATION_REQUEST = "cancellation_request"
    CANCELLATION_PLAN = "cancellation_plan"
    TRADE_IN_OFFER = "trade_in_offer"
    CANCELLATION_REASON = "cancellation_reason"
    RETURN_CARRIER = "return_carrier"
    SELLER = "seller"
    USER = "user"


@dataclass(eq=False, kw_only=True)
class AuditEntry:
    """One change of state, never changed itself.

    What is done with a user without a change of state has the same state twice, and a ``note``;
    so has an import that changes nothing but fields.

    ``actor`` is ``user:<pk>``, ``guest:<pk>``, ``seller:<pk>``, ``shop:<pk of its token>``,
    ``operator:<name>``, ``import:<name>`` or ``system``; it holds no e-mail address.
    ``from_state`` is None for what is new.
    """

    pk: int = field(init=False, repr=False)
    created_date: datetime
    actor: str
    subject: Subject
    subject_uuid: UUID
    from_state: str | None
    to_state: str
    note: str | None = None


class AuditTrail(Protocol):
    """The stored entries."""

    def add(self, entry: AuditEntry) -> None:
        """Store ``entry``."""

    def entries(self, subject_uuid: UUID) -> list[AuditEntry]:
        """Return all entries about a subject, oldest first."""


def record_change(
    subject: Subject,
    uuid: UUID,
    change: tuple[str | None, str],
    actor: str,
    uow: UnitOfWork,
    note: str | None = None,
) -> None:
    """Write one entry; ``change`` is the state before (None for what is new) and the state now."""
    uow.audit.add(made_entry((subject, uuid), change, actor, uow.now, note))


def made_entry(
    subject: tuple[Subject, UUID],
    change: tuple[str | None, str],
    actor: str,
    now: datetime,
    note: str | None = None,
) -> AuditEntry:
    """Return an entry that is not stored yet; ``change`` as for ``record_change``."""
    kind, uuid = subject
    from_state, to_state = change
    return AuditEntry(
        created_date=now,
        actor=actor,
        subject=kind,
        subject_uuid=uuid,
        from_state=from_state,
        to_state=to_state,
        note=note,
    )


States = Mapping[tuple[Subject, UUID], str]


@contextmanager
def audited(
    orders: list[Order], actor: str, uow: UnitOfWork, note: str | None = None
) -> Iterator[None]:
    """Write an entry for every state of the orders that the block changes.

    The states of an order are its own, its lines', its cancellation requests' and plans' and its
    trade-in offers'. A block that raises leaves no entries.
    """
    before = states_of(orders)
    yield
    for entry in changes_of_state(before, states_of(orders), actor, uow.now, note):
        uow.audit.add(entry)


def changes_of_state(
    before: States, after: States, actor: str, now: datetime, note: str | None = None
) -> list[AuditEntry]:
    """Return an entry for every state that is new or differs."""
    return [
        made_entry(subject, (before.get(subject), state), actor, now, note)
        for subject, state in after.items()
        if before.get(subject) != state
    ]


def states_of(orders: Iterable[Order]) -> States:
    """Return the states of the orders and of all their parts, by subject and UUID."""
    states: dict[tuple[Subject, UUID], str] = {}
    for order in orders:
        states[Subject.ORDER, order.uuid] = order.state
        for plan in order.cancellation_plans:
            states[Subject.CANCELLATION_PLAN, plan.uuid] = plan.status
        for item in order.items:
            states[Subject.ORDER_ITEM, item.uuid] = item.state
            for request in item.cancellation_requests:
                states[Subject.CANCELLATION_REQUEST, request.uuid] = request.status
            for offer in item.trade_in_offers:
                states[Subject.TRADE_IN_OFFER, offer.uuid] = offer.state
    return states
