"""What is stored about one person: a copy of it, and its erasure (GDPR, articles 15 and 17)."""

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
    """What still needs a person's data.

    ``requests`` are open or approved: money may have to go to their IBAN. ``orders`` have a line
    that is neither delivered nor over: a parcel may have to go to their address.
    """

    requests: int
    orders: int


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did; ``event_uuids`` are those of the outbox events that are gone."""

    users: int
    orders: int
    old_orders: int
    sessions: int
    event_uuids: Sequence[UUID]


class PersonalData(Protocol):
    """All rows about a person, wherever they are."""

    def lock(self, key: str) -> Person:
        """Return the users with this ``email_key``.

        Until the transaction ends no session, order or request of theirs is made or changed.
        """

    def export(self, key: str) -> Mapping[str, Any] | None:
        """Return all that is stored about the users with this ``email_key``; None for nobody.

        Hashes of passwords, sessions and tokens are left out. Amounts are in minor units.
        """

    def unfinished(self, person: Person) -> Unfinished:
        """Return what still needs the person's data."""

    def erase(self, person: Person, now: datetime, languages: Sequence[str]) -> Erased:
        """Erase the person's data at ``now``; the documents rendered in ``languages`` go, too."""


class PersonalDataWork(AuditWork, Protocol):
    """A unit of work on personal data."""

    @property
    def personal_data(self) -> PersonalData: ...


def export_personal_data(email: str, uow: PersonalDataWork) -> Mapping[str, Any]:
    """Return all that is stored about the person with this address, as JSON can say it.

    Raises NotFound for an address that no user has.
    """
    found = uow.personal_data.export(email_key(email.strip()))
    if found is None:
        raise NotFound
    return found


def erase_personal_data(
    email: str, languages: Sequence[str], actor: str, uow: PersonalDataWork, *, even_underway: bool
) -> Erased:
    """Erase who the person with this address is, and keep what the shop's books need.

    Numbers, dates, states, amounts, products, and countries and cities stay; names, addresses,
    texts and files that a person wrote, account numbers, sessions, e-mails and copies of answers
    go. The users stay as rows without a name that can't log in; later imports of their orders are
    rejected. The audit trail says that it was done, not of whom.

    Raises NotFound, and Conflict while a request is open or approved, since its money may still
    have to go to an account, and, without ``even_underway``, while an order is under way.
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
    erased = uow.personal_data.erase(person, uow.now, languages)
    for uuid in person.user_uuids:
        before = uow.audit.entries(uuid)
        change = (before[-1].to_state if before else ACTIVE, INACTIVE)
        record_change(Subject.USER, uuid, change, actor, uow, ERASED)
    uow.commit()
    return erased
