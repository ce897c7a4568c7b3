"""Audit entries for changes of the states of orders and their parts."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from domain.audit import AuditEntry, AuditWork, Subject, new_entry
from domain.orders.orders import Order

States = Mapping[tuple[Subject, UUID], str]


@contextmanager
def audited(
    orders: list[Order], actor: str, uow: AuditWork, note: str | None = None
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
        new_entry(subject, (before.get(subject), state), actor, now, note)
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
