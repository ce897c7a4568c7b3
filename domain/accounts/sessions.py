"""Who is logged in: sessions, of which only a hash is stored."""

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

# Clients of the platform read the value with `\w+`. 43 of 62 characters hold 256 bits.
_ALPHABET = ascii_letters + digits
_LENGTH = 43
# Sessions that an earlier version opened have values in base64url, of the same length.
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(eq=False, kw_only=True)
class Session:
    """One login.

    ``id_hash`` is the SHA-256 of the session's value (32 bytes), which is the value of its cookie
    and its key, so that a reader of the database can become nobody.
    """

    id_hash: bytes = field(repr=False)
    user_pk: int
    created_date: datetime
    expires_date: datetime


@dataclass(frozen=True, slots=True)
class SessionOwner:
    """What is needed to judge a session, read in one statement."""

    user_pk: int
    is_guest: bool
    is_active: bool
    expires_date: datetime


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session that was just opened: the only moment at which its ``value`` is known."""

    value: str = field(repr=False)
    expires_date: datetime


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller who wants to log in has shown, and the network address they came from.

    ``device``: the id of a device from which this account was logged in to before.
    """

    email: str
    password: str = field(repr=False)
    address: str
    device: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """Credentials that were right; ``new_hash`` replaces a hash made with other parameters."""

    user_pk: int
    password_hash: str = field(repr=False)
    new_hash: str | None = field(repr=False)


class Sessions(Protocol):
    """The stored sessions."""

    def add(self, session: Session) -> None:
        """Store ``session``."""

    def owner(self, id_hash: bytes) -> SessionOwner | None:
        """Return the owner of the session with this hash, expired and inactive ones too."""

    def remove(self, id_hash: bytes) -> None:
        """Delete the session with this hash, if there is one."""

    def remove_all(self, user_pk: int) -> int:
        """Delete all sessions of a user; return how many there were."""

    def newest(self, user_pk: int) -> datetime | None:
        """Return when the newest stored session of a user began."""

    def remove_expired(self, now: datetime) -> None:
        """Delete some sessions whose ``expires_date`` is not after ``now``, without waiting."""


class SessionWork(UserWork, Protocol):
    """A unit of work on sessions and their users."""

    @property
    def sessions(self) -> Sessions: ...


class Attempts(Protocol):
    """Limits on failed logins in the last 15 minutes.

    10 for an e-mail address from one network, 100 for it from all, 50 for a network; 10 for a
    device that logged in before, to which the others do not apply.
    """

    def attempt(self, shown: Credentials) -> AbstractContextManager[None]:
        """Count an attempt before the block, and give it back unless the block raises LoginFailed.

        Raises TooManyAttempts instead of entering the block.
        """


def id_hash(value: str) -> bytes:
    """Return what is stored of the session with this value."""
    return sha256(value.encode()).digest()


# Judged where there is no user, so that this takes as long as where there is one.
_NO_USER = PasswordOwner(user_pk=0, is_active=False, password_hash=None)


def check_credentials(
    credentials: Credentials, passwords: PasswordHasher, attempts: Attempts, uow: SessionWork
) -> Proof:
    """Find out whether the credentials are right, and change nothing but the count of misses.

    Apart from ``log_in`` because a password takes long to verify, and no transaction should stand
    open meanwhile. Raises TooManyAttempts before it looks at the password, so that even the right
    one does not help then, and LoginFailed, alike in words and in time, for an unknown e-mail, a
    wrong password, a user without one and an inactive user.
    """
    email = credentials.email.strip()
    key = email_key(email)
    with attempts.attempt(credentials):
        owner = (uow.users.password_owner(key) if is_email(email) else None) or _NO_USER
        known_hash = owner.password_hash if owner.is_active else None
        is_right = passwords.verify(known_hash, credentials.password)
        if known_hash is None or not is_right:
            raise LoginFailed
    outdated = passwords.needs_rehash(known_hash)
    new_hash = passwords.hash(credentials.password) if outdated else None
    return Proof(owner.user_pk, known_hash, new_hash)


def log_in(
    proof: Proof, replaced: str | None, lifetime: timedelta, uow: SessionWork
) -> tuple[User, OpenedSession]:
    """Open a session under a new value, and end the one that the request shows.

    ``replaced`` is the value of that one: a value that somebody planted before the login is worth
    nothing after it. Some expired sessions of everybody are deleted on the way. Raises LoginFailed
    when the user or their password has changed since it was checked.
    """
    user = uow.users.lock(proof.user_pk)
    if user is None or not user.is_active or user.password_hash != proof.password_hash:
        raise LoginFailed
    if proof.new_hash is not None:
        user.password_hash = proof.new_hash
    return user, replace_session(user, replaced, lifetime, uow)


def replace_session(
    user: User, replaced: str | None, lifetime: timedelta, uow: SessionWork
) -> OpenedSession:
    """Open a session for ``user`` in place of the one with the value ``replaced``.

    Deletes some expired sessions, whoever had them.
    """
    if replaced is not None:
        uow.sessions.remove(id_hash(replaced))
    uow.sessions.remove_expired(uow.now)
    return open_session(user, lifetime, uow)


def open_session(user: User, lifetime: timedelta, uow: SessionWork) -> OpenedSession:
    """Open a session for ``user``, who is locked, without asking for a password."""
    value = "".join(choice(_ALPHABET) for _ in range(_LENGTH))
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
    """Return whose session has ``value``.

    Raises NotAuthenticated, always the same, for no value, one that no session of ours could have
    (of any length, without a query), an unknown or expired session and an inactive user.
    """
    if value is None or not _VALUE.fullmatch(value):
        raise NotAuthenticated
    owner = uow.sessions.owner(id_hash(value))
    if owner is None or not owner.is_active or owner.expires_date <= uow.now:
        raise NotAuthenticated
    return Caller(user_pk=owner.user_pk, is_guest=owner.is_guest)


def log_out(value: str, uow: SessionWork) -> None:
    """End the session, if there is one."""
    uow.sessions.remove(id_hash(value))
    uow.commit()
