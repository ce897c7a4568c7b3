"""What an operator can switch off and on again: reasons, carriers, sellers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from domain.audit import Subject, record_change

if TYPE_CHECKING:
    from domain.unit_of_work import UnitOfWork

ACTIVE = "active"
INACTIVE = "inactive"


class Switchable(Protocol):
    """An entity that can be inactive."""

    uuid: UUID
    is_active: bool


def state_of(entity: Switchable) -> str:
    """How the audit trail, and a list at a terminal, name whether it is active."""
    return ACTIVE if entity.is_active else INACTIVE


def record_activity(
    subject: Subject, entity: Switchable, is_active: bool, actor: str, uow: UnitOfWork
) -> None:
    """Switch ``entity``, and write an audit entry."""
    before = state_of(entity)
    entity.is_active = is_active
    record_change(subject, entity.uuid, (before, state_of(entity)), actor, uow)
