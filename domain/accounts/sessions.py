"""Login sessions; only a hash of a session is stored."""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import choice
from string import ascii_letters, digits
from typing import Protocol

from domain.accounts.callers import Caller
from domain.accounts.users import PasswordHasher, PasswordOwner, User, UserWork, email_key, is_email
from domain.shared.errors import LoginFailed, NotAuthenticated

# Clients of the platform read the value with `\w+`. It begins with the user's pk, so that the
# session is looked up among that user's rows; the other 32 of 62 characters hold 190 bits.
_ALPHABET = digits + ascii_letters
_MARK = "000"
_PK_LENGTH = 8
_SECRET_LENGTH = 32
_WITH_USER = re.compile(rf"{_MARK}([A-Za-z0-9]{{{_PK_LENGTH}}})[A-Za-z0-9]{{{_SECRET_LENGTH}}}")
# Values of an earlier version have the same length and no pk: 43 random characters or base64url.
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(eq=False, kw_only=True)
class Session:
    """One login.

    ``id_hash`` is the SHA-256 (32 bytes) of the session's value, which cookie and key hold. So a
    reader of the database can not take over a session.
    """

    id_hash: bytes = field(repr=False)
    user_pk: int
    created_date: datetime
    expires_date: datetime


@dataclass(frozen=True, slots=True)
class SessionOwner:
    """What is needed to check a session, read in one statement."""

    user_pk: int
    is_guest: bool
    is_active: bool
    expires_date: datetime


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A new session, with its ``value``, which is not stored."""

    value: str = field(repr=False)
    expires_date: datetime


@dataclass(frozen=True, slots=True)
class Credentials:
    """The e-mail and password of a login, and the caller's network address.

    ``device`` is the id of a device that logged in to this account before.
    """

    email: str
    password: str = field(repr=False)
    address: str
    device: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class VerifiedCredentials:
    """Verified credentials; ``new_hash`` replaces a hash made with other parameters."""

    user_pk: int
    password_hash: str = field(repr=False)
    new_hash: str | None = field(repr=False)


class Sessions(Protocol):
    """The stored sessions."""

    def add(self, session: Session) -> None:
        """Store ``session``."""

    def owner(self, id_hash: bytes, user_pk: int | None = None) -> SessionOwner | None:
        """Return the owner of the session with this hash, even if expired or inactive.

        With ``user_pk``, only a session of that user.
        """

    def remove(self, id_hash: bytes, user_pk: int | None = None) -> None:
        """Delete the session with this hash, if there is one and it is of that user."""

    def remove_all(self, user_pk: int) -> int:
        """Delete all sessions of a user; return how many there were."""

    def newest(self, user_pk: int) -> datetime | None:
        """Return when the newest stored session of a user began."""


class SessionWork(UserWork, Protocol):
    """A unit of work on sessions and their users."""

    @property
    def sessions(self) -> Sessions: ...


class LoginLimits(Protocol):
    """Limits on failed logins in the last 15 minutes.

    10 for an e-mail address from one network, 100 for one from all networks, 50 for a network. A
    device that logged in before has a limit of 10 instead.
    """

    def attempt(self, credentials: Credentials) -> AbstractContextManager[None]:
        """Count an attempt before the block, and uncount it unless the block raises LoginFailed.

        Raises TooManyAttempts instead of entering the block.
        """


def id_hash(value: str) -> bytes:
    """Return the stored hash of a session's value."""
    return sha256(value.encode()).digest()


def user_pk_in(value: str) -> int | None:
    """Return the user's pk that a session's value begins with; None for one without it."""
    match = _WITH_USER.fullmatch(value)
    if match is None:
        return None
    pk = 0
    for character in match[1]:
        pk = pk * len(_ALPHABET) + _ALPHABET.index(character)
    return pk


def session_value(user_pk: int, secret: str) -> str:
    """Return the value of a session of this user, with a pk below 62^8 and 32 characters."""
    pk = ""
    for _ in range(_PK_LENGTH):
        user_pk, digit = divmod(user_pk, len(_ALPHABET))
        pk = _ALPHABET[digit] + pk
    return _MARK + pk + secret


# Verified if there is no such user, so that the response takes equally long.
_NO_USER = PasswordOwner(user_pk=0, is_active=False, password_hash=None)


def check_credentials(
    credentials: Credentials, passwords: PasswordHasher, limits: LoginLimits, uow: SessionWork
) -> VerifiedCredentials:
    """Verify the credentials; change nothing but the count of failures.

    Separate from ``log_in``, because verifying a password takes long and no transaction should be
    open meanwhile. Raises TooManyAttempts before it verifies the password, even a right one, and
    LoginFailed, with equal text and timing, for an unknown e-mail, a wrong password, a user
    without one and an inactive user.
    """
    email = credentials.email.strip()
    key = email_key(email)
    with limits.attempt(credentials):
        owner = (uow.users.password_owner(key) if is_email(email) else None) or _NO_USER
        password_hash = owner.password_hash if owner.is_active else None
        is_right = passwords.verify(password_hash, credentials.password)
        if password_hash is None or not is_right:
            raise LoginFailed
    outdated = passwords.needs_rehash(password_hash)
    new_hash = passwords.hash(credentials.password) if outdated else None
    return VerifiedCredentials(owner.user_pk, password_hash, new_hash)


def log_in(
    verified: VerifiedCredentials, replaced: str | None, lifetime: timedelta, uow: SessionWork
) -> tuple[User, OpenedSession]:
    """Open a session with a new value, and end the session that came with the request.

    ``replaced`` is the value of the ended session: a value planted before the login is worthless
    (session fixation). Raises LoginFailed if the user or the password has changed since it was
    verified.
    """
    user = uow.users.lock(verified.user_pk)
    if user is None or not user.is_active or user.password_hash != verified.password_hash:
        raise LoginFailed
    if verified.new_hash is not None:
        user.password_hash = verified.new_hash
    return user, replace_session(user, replaced, lifetime, uow)


def replace_session(
    user: User, replaced: str | None, lifetime: timedelta, uow: SessionWork
) -> OpenedSession:
    """Open a session for ``user`` that replaces the one with the value ``replaced``."""
    if replaced is not None:
        uow.sessions.remove(id_hash(replaced), user_pk_in(replaced))
    return open_session(user, lifetime, uow)


def open_session(user: User, lifetime: timedelta, uow: SessionWork) -> OpenedSession:
    """Open a session for ``user``, who is locked."""
    secret = "".join(choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    value = session_value(user.pk, secret)
    expires_date = uow.now + lifetime
    uow.sessions.add(
        Session(
            id_hash=id_hash(value),
            user_pk=user.pk,
            created_date=uow.now,
            expires_date=expires_date,
        )
    )
    uow.commit()
    return OpenedSession(value, expires_date)


def authenticate(value: str | None, uow: SessionWork) -> Caller:
    """Return the caller whose session has ``value``.

    Raises the same NotAuthenticated for no value, an impossible one (without a query), an unknown
    or expired session and an inactive user.
    """
    if value is None or not _VALUE.fullmatch(value):
        raise NotAuthenticated
    owner = uow.sessions.owner(id_hash(value), user_pk_in(value))
    if owner is None or not owner.is_active or owner.expires_date <= uow.now:
        raise NotAuthenticated
    return Caller(user_pk=owner.user_pk, is_guest=owner.is_guest)


def log_out(value: str, uow: SessionWork) -> None:
    """End the session, if there is one."""
    uow.sessions.remove(id_hash(value), user_pk_in(value))
    uow.commit()
