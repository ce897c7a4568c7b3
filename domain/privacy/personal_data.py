"""Export and erasure of one person's data (GDPR, articles 15 and 17)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.accounts.users import email_key
from domain.audit import ACTIVE, INACTIVE, AuditWork, Subject, record_change
from domain.shared.errors import Conflict, NotFound

ERASED = "personal data erased"


@dataclass(frozen=True, slots=True)
class Person:
    """The users of one e-mail address: a registered one, a guest, or both."""

    user_pks: Sequence[int]
    user_uuids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Counts of what still needs a person's data.

    ``requests`` are open or approved: a refund may need the IBAN. ``orders`` have a line that is
    neither delivered nor closed: a delivery may need the address.
    """

    requests: int
    orders: int


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """Counts of an erasure; ``event_uuids`` are those of the deleted outbox events."""

    users: int
    orders: int
    old_orders: int
    sessions: int
    event_uuids: Sequence[UUID]


class PersonalData(Protocol):
    """All rows about a person, in all tables."""

    def lock(self, key: str) -> Person:
        """Return the users with this ``email_key``, locked.

        No session, order or request of theirs is created or changed until the transaction ends.
        """

    def export(self, key: str) -> Mapping[str, Any] | None:
        """Return all data about the users with this ``email_key``; None if there are none.

        Hashes of passwords, sessions and tokens are left out. Amounts are in minor units.
        """

    def unfinished(self, person: Person) -> Unfinished:
        """Return the counts of what still needs the person's data."""

    def erase(self, person: Person, now: datetime) -> ErasureResult:
        """Erase the person\'s data at ``now``, and their documents."""


class PersonalDataWork(AuditWork, Protocol):
    """A unit of work on personal data."""

    @property
    def personal_data(self) -> PersonalData: ...


def export_personal_data(email: str, uow: PersonalDataWork) -> Mapping[str, Any]:
    """Return all data about the person with this e-mail address, as JSON values.

    Raises NotFound for an address that no user has.
    """
    data = uow.personal_data.export(email_key(email.strip()))
    if data is None:
        raise NotFound
    return data


def erase_personal_data(
    email: str, actor: str, uow: PersonalDataWork, *, even_underway: bool
) -> ErasureResult:
    """Erase a person's data, and keep what the shop's accounting needs.

    Names, addresses, texts and files of the person, account numbers, sessions, e-mails and stored
    responses are erased. Numbers, dates, states, amounts, products, countries and cities stay. The
    users stay as rows without a name that can't log in; later imports of their orders are rejected.
    The audit trail records the erasure, but not the person.

    Raises NotFound, and Conflict while a request is open or approved, because its refund may need
    an account, and, without ``even_underway``, while an order is under way.
    """
    person = uow.personal_data.lock(email_key(email.strip()))
    if not person.user_pks:
        raise NotFound
    unfinished = uow.personal_data.unfinished(person)
    if unfinished.requests:
        message = "Settle the open and approved requests first (%(requests)s)."
        params = {"requests": unfinished.requests}
        raise Conflict(message, code="requests_unsettled", params=params)
    if unfinished.orders and not even_underway:
        message = "There are orders that are not delivered yet (%(orders)s)."
        raise Conflict(message, code="orders_underway", params={"orders": unfinished.orders})
    erased = uow.personal_data.erase(person, uow.now)
    for uuid in person.user_uuids:
        before = uow.audit.entries(uuid)
        change = (before[-1].to_state if before else ACTIVE, INACTIVE)
        record_change(Subject.USER, uuid, change, actor, uow, ERASED)
    uow.commit()
    return erased
