"""The audit trail: an entry for every change of state, with actor, time and both states."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.shared.work import Work

ACTIVE = "active"
INACTIVE = "inactive"


class Subject(StrEnum):
    """The kinds of objects that have states."""

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
    """One change of state; entries are never changed.

    An action that changes no state has the same state twice, and a ``note``: an action on a user,
    or an import that changes only fields.

    ``actor`` is ``user:<pk>``, ``guest:<pk>``, ``seller:<pk>``, ``shop:<pk of its token>``,
    ``operator:<name>``, ``import:<name>`` or ``system``; it holds no e-mail address.
    ``from_state`` is None for a new object.
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


class AuditWork(Work, Protocol):
    """A unit of work on changes that are audited."""

    @property
    def audit(self) -> AuditTrail: ...


def record_change(
    subject: Subject,
    uuid: UUID,
    change: tuple[str | None, str],
    actor: str,
    uow: AuditWork,
    note: str | None = None,
) -> None:
    """Write one entry; ``change`` is the state before (None for a new object) and the state now."""
    uow.audit.add(new_entry((subject, uuid), change, actor, uow.now, note))


def new_entry(
    subject: tuple[Subject, UUID],
    change: tuple[str | None, str],
    actor: str,
    now: datetime,
    note: str | None = None,
) -> AuditEntry:
    """Return an entry without storing it; ``change`` as for ``record_change``."""
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


class Activatable(Protocol):
    """An entity that can be deactivated."""

    uuid: UUID
    is_active: bool


def state_of(entity: Activatable) -> str:
    """The state of ``entity`` as the audit trail and the commands name it."""
    return ACTIVE if entity.is_active else INACTIVE


def set_active(
    subject: Subject, entity: Activatable, is_active: bool, actor: str, uow: AuditWork
) -> None:
    """Activate or deactivate ``entity``, and write an audit entry."""
    before = state_of(entity)
    entity.is_active = is_active
    record_change(subject, entity.uuid, (before, state_of(entity)), actor, uow)
