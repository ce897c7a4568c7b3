"""The trail that every change of state leaves: who, when, from what, to what."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.shared.work import Work

ACTIVE = "active"
INACTIVE = "inactive"


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


class AuditWork(Work, Protocol):
    """A unit of work on changes that leave entries in the audit trail."""

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


class Switchable(Protocol):
    """An entity that can be inactive."""

    uuid: UUID
    is_active: bool


def state_of(entity: Switchable) -> str:
    """How the audit trail, and a list at a terminal, name whether it is active."""
    return ACTIVE if entity.is_active else INACTIVE


def record_activity(
    subject: Subject, entity: Switchable, is_active: bool, actor: str, uow: AuditWork
) -> None:
    """Switch ``entity``, and write an audit entry."""
    before = state_of(entity)
    entity.is_active = is_active
    record_change(subject, entity.uuid, (before, state_of(entity)), actor, uow)
