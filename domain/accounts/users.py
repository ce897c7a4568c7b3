"""Users: registered shoppers and guests."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.audit import AuditWork, Subject, record_change, state_of
from domain.shared.errors import InvalidInput, NotFound

MAX_EMAIL_LENGTH = 254
MAX_NAME_LENGTH = 150
MIN_PASSWORD_LENGTH = 8
MAX_PASSWORD_LENGTH = 1024

_ATOM = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")


class UserType(StrEnum):
    """A guest has no password and sees only their newest order."""

    REGISTERED = "registered"
    GUEST = "guest"


class EmailTaken(InvalidInput):
    """Another user of the same type already has this e-mail address."""

    message = "A user with this e-mail address already exists."
    code = "email_taken"


class WeakPassword(InvalidInput):
    """A password that is shorter than MIN_PASSWORD_LENGTH characters."""

    message = "Must be at least %(limit)s characters long."
    code = "weak_password"


@dataclass(eq=False, kw_only=True)
class User:
    """One shopper.

    ``email`` is as first entered; ``email_key`` is its normalized form, unique within a
    ``user_type``. ``password_hash`` is a PHC string, or None for a user who can not log in.
    """

    pk: int = field(init=False, repr=False)
    uuid: UUID
    email: str
    email_key: str
    password_hash: str | None = field(default=None, repr=False)
    user_type: UserType = UserType.REGISTERED
    first_name: str = ""
    last_name: str = ""
    is_active: bool = True
    created_date: datetime


@dataclass(frozen=True, slots=True)
class PasswordOwner:
    """What a login is checked against; it fails without a ``password_hash``."""

    user_pk: int
    is_active: bool
    password_hash: str | None = field(repr=False)


class Users(Protocol):
    """The stored users."""

    def add(self, user: User) -> None:
        """Store ``user`` and give it its ``pk``.

        Raises EmailTaken when a user of the same type already has the key.
        """

    def get(self, pk: int) -> User | None:
        """Return the user with this pk."""

    def lock(self, pk: int) -> User | None:
        """Return the user with this pk as last committed, and lock the row until the transaction
        ends.

        Any transaction that opens a session or changes what opens one locks the user first.
        """

    def by_email_key(self, key: str, user_type: UserType) -> User | None:
        """Return the one user of this type whose ``email_key`` is ``key``."""

    def password_owner(self, key: str) -> PasswordOwner | None:
        """Return what a login needs of the registered user whose ``email_key`` is ``key``.

        Takes equally long if there is no such user.
        """

    def is_empty(self) -> bool:
        """Return whether there are no users."""

    def are_all_at(self, domain: str) -> bool:
        """Return whether every e-mail address is at this domain."""


class UserWork(AuditWork, Protocol):
    """A unit of work on users."""

    @property
    def users(self) -> Users: ...


class PasswordHasher(Protocol):
    """A slow, salted password hash."""

    def hash(self, password: str) -> str:
        """Return a PHC string for ``password``."""

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether ``password`` made ``password_hash``.

        For None, return False after the same amount of work, so that the time does not reveal
        whether there was a hash.
        """

    def needs_rehash(self, password_hash: str) -> bool:
        """Return whether ``password_hash`` was made with other parameters than the present ones."""


def email_key(email: str) -> str:
    """Return the normalized form of an e-mail address: NFC, case-folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email).casefold())


def is_email(text: str) -> bool:
    """Return whether ``text`` can be an e-mail address.

    Only its form is checked: a mailbox of RFC 5321 without quoted names and address literals, on
    a host with at least one dot, at most 254 characters.
    """
    return len(text) <= MAX_EMAIL_LENGTH and bool(_EMAIL.fullmatch(text))


def check_password(password: str) -> None:
    """Raise InvalidInput for a password that cannot be set, and WeakPassword for a short one.

    Only the length and the encoding are checked, as NIST SP 800-63B recommends (5.1.1.2).
    """
    if len(password) > MAX_PASSWORD_LENGTH:
        raise too_long("password", MAX_PASSWORD_LENGTH)
    if len(password) < MIN_PASSWORD_LENGTH:
        raise WeakPassword(field="password", params={"limit": MIN_PASSWORD_LENGTH})
    try:
        password.encode()
    except UnicodeEncodeError:
        raise InvalidInput("This value is not valid.", field="password") from None


def lock_by_email(email: str, user_type: UserType, uow: UserWork) -> User:
    """Return the user of this type with this e-mail address, locked. Raises NotFound."""
    key = email_key(email.strip())
    unlocked = uow.users.by_email_key(key, user_type)
    user = None if unlocked is None else uow.users.lock(unlocked.pk)
    # A user who was erased before we got the lock has another address.
    if user is None or user.email_key != key:
        raise NotFound
    return user


def audit_user(user: User, actor: str, note: str, uow: UserWork) -> None:
    """Write an audit entry about a user whose state does not change."""
    state = state_of(user)
    record_change(Subject.USER, user.uuid, (state, state), actor, uow, note)


def too_long(field: str, limit: int) -> InvalidInput:
    """Return the error of a text that is longer than ``limit`` characters."""
    return InvalidInput(
        "Must be at most %(limit)s characters long.", field=field, params={"limit": limit}
    )
