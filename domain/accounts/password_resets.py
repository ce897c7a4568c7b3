"""Set a password: by the link in an e-mail, or as the operator."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from domain.accounts.one_time_tokens import LinkExpired, OneTimeToken, OneTimeTokenWork, Purpose
from domain.accounts.users import User, UserType, audit_user, email_key, is_email, lock_by_email
from domain.outbox import OutboxEvent, OutboxKind, OutboxWork
from domain.shared.errors import NotFound, TooManyAttempts

LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ResetRequest:
    """A request for a link: the e-mail address as typed, the caller's network address and
    language."""

    email: str
    address: str
    language: str


class ResetLimits(Protocol):
    """In 15 minutes, at most 5 requests for an e-mail address and 50 from a network address."""

    def begin(self, email_key: str, address: str) -> int | None:
        """Count a request and return None, or return the seconds until both limits allow one."""


class PasswordResetWork(OneTimeTokenWork, OutboxWork, Protocol):
    """A unit of work on password resets."""


def count_request(request: ResetRequest, limits: ResetLimits) -> None:
    """Count the request. Raises TooManyAttempts, whether or not the address has an account."""
    wait = limits.begin(email_key(request.email.strip()), request.address)
    if wait is not None:
        raise TooManyAttempts(wait)


def request_reset(request: ResetRequest, uow: PasswordResetWork) -> None:
    """Store the request for the worker, which looks for the account.

    Reads nothing and writes the same row for every address, so that the response time reveals
    nothing about it. A text that can not be an e-mail address is ignored.
    """
    email = request.email.strip()
    if is_email(email):
        _send(OutboxKind.PASSWORD_RESET, email, request.language, uow)
        uow.commit()


def prepare_reset(leased: OutboxEvent, uow: PasswordResetWork) -> OutboxEvent | None:
    """Return the event with a usable token, addressed to the account; the token's UUID is that of
    the event.

    Return None, and delete the event, if there is nothing to send: no active registered user has
    the address, the link has expired, or it was used after an earlier delivery.
    """
    # Lock the user first, like an erasure, which then deletes the events.
    user = _lock_user(leased.payload["email"], uow)
    event = uow.outbox.get(leased.pk)
    if event is None:
        return None
    if user is None or not user.is_active or not _token(event, user, uow).is_valid(uow.now):
        uow.outbox.remove(event)
        uow.commit()
        return None
    # Use the stored address: two spellings with one key may be two mailboxes.
    event.payload = {**event.payload, "email": user.email}
    uow.commit()
    return event


def _token(event: OutboxEvent, user: User, uow: PasswordResetWork) -> OneTimeToken:
    """The token of the event; an earlier delivery may have stored it."""
    stored = uow.one_time_tokens.get(event.uuid, Purpose.PASSWORD_RESET)
    if stored is not None:
        return stored
    token = OneTimeToken(
        uuid=event.uuid,
        purpose=Purpose.PASSWORD_RESET,
        user_pk=user.pk,
        created_date=uow.now,
        expires_date=event.created_date + LIFETIME,
    )
    if token.is_valid(uow.now):
        uow.one_time_tokens.add(token)
    return token


def check_link(token_uuid: UUID, uow: PasswordResetWork) -> None:
    """Raise LinkExpired unless the link can set a password now. Changes nothing."""
    token = uow.one_time_tokens.get(token_uuid, Purpose.PASSWORD_RESET)
    user = uow.users.get(token.user_pk) if token and token.is_valid(uow.now) else None
    if user is None or not user.is_active:
        raise LinkExpired


def set_password_by_link(
    token_uuid: UUID, password_hash: str, language: str, uow: PasswordResetWork
) -> None:
    """Use up the link, and set the ``password_hash`` of its user.

    Raises LinkExpired, also for the link of an inactive user.
    """
    token = uow.one_time_tokens.get(token_uuid, Purpose.PASSWORD_RESET)
    user = uow.users.lock(token.user_pk) if token else None
    if user is None or not user.is_active or not uow.one_time_tokens.use(token_uuid, uow.now):
        raise LinkExpired
    _set_password(user, password_hash, f"user:{user.pk}", language, uow)


def set_password(email: str, password_hash: str, actor: str, uow: PasswordResetWork) -> User:
    """Set a registered user's password as the operator. Raises NotFound."""
    user = lock_by_email(email, UserType.REGISTERED, uow)
    _set_password(user, password_hash, actor, None, uow)
    return user


def _set_password(
    user: User, password_hash: str, actor: str, language: str | None, uow: PasswordResetWork
) -> None:
    """Set the password, end the user's sessions, links and handovers, and enqueue an e-mail."""
    user.password_hash = password_hash
    uow.sessions.remove_all(user.pk)
    uow.one_time_tokens.revoke(user.pk, uow.now)
    audit_user(user, actor, "password set", uow)
    if user.is_active:
        _send(OutboxKind.PASSWORD_CHANGED, user.email, language, uow)
    uow.commit()


def _lock_user(email: str, uow: PasswordResetWork) -> User | None:
    try:
        return lock_by_email(email, UserType.REGISTERED, uow)
    except NotFound:
        return None


def _send(kind: OutboxKind, email: str, language: str | None, uow: PasswordResetWork) -> None:
    """The payload has ``email`` and ``language`` (None: the shop's); it never holds a link."""
    payload = {"email": email, "language": language}
    event = OutboxEvent(kind=kind, payload=payload, created_date=uow.now, due_date=uow.now)
    uow.outbox.add(event)
