"""The people who buy: registered shoppers and guests."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol
from uuid import UUID, uuid4

from domain.activity import record_activity, state_of
from domain.audit import Subject, record_change
from domain.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from domain.unit_of_work import UnitOfWork

MAX_EMAIL_LENGTH = 254
MAX_NAME_LENGTH = 150
MIN_PASSWORD_LENGTH = 8
MAX_PASSWORD_LENGTH = 1024

_ATOM = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")


class UserType(StrEnum):
    """A guest has no password and sees only the newest of their orders."""

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

    ``email`` is as first spelled; ``email_key`` is what it is found by and is unique within a
    ``user_type``. ``password_hash`` is a PHC string, None for whoever cannot log in.
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
    """What a login is checked against; without a ``password_hash`` nobody can log in."""

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
        """Return the registered user whose ``email_key`` is ``key``, as a login needs them.

        Takes as long where there is nobody.
        """

    def is_empty(self) -> bool:
        """Return whether there is nobody yet."""

    def are_all_at(self, domain: str) -> bool:
        """Return whether every e-mail address is at this domain."""


class PasswordHasher(Protocol):
    """A slow, salted password hash."""

    def hash(self, password: str) -> str:
        """Return a PHC string for ``password``."""

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Say whether ``password`` made ``password_hash``.

        None is answered False after as much work as a hash would have cost, so that the time does
        not tell whether there was one.
        """

    def needs_rehash(self, password_hash: str) -> bool:
        """Say whether ``password_hash`` was made with other parameters than today's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewUser:
    """What is known of somebody who is to become a user; a guest has no password."""

    email: str
    password: str | None = field(default=None, repr=False)
    first_name: str = ""
    last_name: str = ""


def email_key(email: str) -> str:
    """Return what two spellings of one address have in common: NFC, without case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email).casefold())


def is_email(text: str) -> bool:
    """Say whether ``text`` can be an e-mail address.

    Only its form is judged: a mailbox of RFC 5321 without quoted names and address literals, on a
    host with at least one dot, at most 254 characters.
    """
    return len(text) <= MAX_EMAIL_LENGTH and bool(_EMAIL.fullmatch(text))


def create_user(new: NewUser, passwords: PasswordHasher, uow: UnitOfWork) -> User:
    """Store a registered user, or a guest where there is no password.

    Raises InvalidInput on the field that is to blame: a bad e-mail address, EmailTaken, a
    WeakPassword, or a text that is too long.
    """
    _check(new)
    is_guest = new.password is None
    user = User(
        uuid=uuid4(),
        email=new.email,
        email_key=email_key(new.email),
        password_hash=None if new.password is None else passwords.hash(new.password),
        user_type=UserType.GUEST if is_guest else UserType.REGISTERED,
        first_name=new.first_name,
        last_name=new.last_name,
        created_date=uow.now,
    )
    uow.users.add(user)
    uow.commit()
    return user


def check_password(password: str) -> None:
    """Raise InvalidInput for a password that cannot be set, and WeakPassword for a short one.

    Only the length and the encoding are checked, as NIST SP 800-63B recommends (5.1.1.2).
    """
    if len(password) > MAX_PASSWORD_LENGTH:
        raise _too_long("password", MAX_PASSWORD_LENGTH)
    if len(password) < MIN_PASSWORD_LENGTH:
        raise WeakPassword(field="password", params={"limit": MIN_PASSWORD_LENGTH})
    try:
        password.encode()
    except UnicodeEncodeError:
        raise InvalidInput("This value is not valid.", field="password") from None


def lock_by_email(email: str, user_type: UserType, uow: UnitOfWork) -> User:
    """Return the user of this type with this e-mail address, locked. Raises NotFound."""
    key = email_key(email.strip())
    found = uow.users.by_email_key(key, user_type)
    user = None if found is None else uow.users.lock(found.pk)
    # One who was erased before the lock was had has another address.
    if user is None or user.email_key != key:
        raise NotFound
    return user


def deactivate_user(email: str, user_type: UserType, actor: str, uow: UnitOfWork) -> User:
    """Keep a user from logging in, and end what is open: sessions, links and handovers.

    Does nothing to a user who is inactive already. Raises NotFound.
    """
    return _set_active(email, user_type, actor, uow, is_active=False)


def activate_user(email: str, user_type: UserType, actor: str, uow: UnitOfWork) -> User:
    """Let a deactivated user log in again; what ended with the deactivation stays ended.

    Does nothing to a user who is active already. Raises NotFound.
    """
    return _set_active(email, user_type, actor, uow, is_active=True)


def end_sessions(email: str, user_type: UserType, actor: str, uow: UnitOfWork) -> tuple[User, int]:
    """End all sessions of a user, and the links and handovers that could open one.

    Returns how many sessions there were. Raises NotFound.
    """
    user = lock_by_email(email, user_type, uow)
    count = _end_all(user, uow)
    audit_user(user, actor, "sessions ended", uow)
    uow.commit()
    return user, count


def audit_user(user: User, actor: str, note: str, uow: UnitOfWork) -> None:
    """Write an audit entry about what was done with a user whose state stays as it is."""
    state = state_of(user)
    record_change(Subject.USER, user.uuid, (state, state), actor, uow, note)


def _set_active(
    email: str, user_type: UserType, actor: str, uow: UnitOfWork, *, is_active: bool
) -> User:
    user = lock_by_email(email, user_type, uow)
    if user.is_active is is_active:
        return user
    record_activity(Subject.USER, user, is_active, actor, uow)
    if not is_active:
        _end_all(user, uow)
    uow.commit()
    return user


def _end_all(user: User, uow: UnitOfWork) -> int:
    uow.one_time_tokens.revoke(user.pk, uow.now)
    return uow.sessions.remove_all(user.pk)


def _check(new: NewUser) -> None:
    if not is_email(new.email):
        raise InvalidInput("Enter a valid e-mail address.", field="email")
    _check_text("first_name", new.first_name, MAX_NAME_LENGTH)
    _check_text("last_name", new.last_name, MAX_NAME_LENGTH)
    if new.password is not None:
        check_password(new.password)


def _check_text(field: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise _too_long(field, limit)
    if not text.isprintable():  # NUL and lone surrogates can't be stored, nor typed on purpose
        raise InvalidInput("This value is not valid.", field=field)


def _too_long(field: str, limit: int) -> InvalidInput:
    return InvalidInput(
        "Must be at most %(limit)s characters long.", field=field, params={"limit": limit}
    )
