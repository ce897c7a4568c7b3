"""Operator services for users: create, deactivate, activate, end sessions."""

from dataclasses import dataclass, field
from uuid import uuid4

from domain.accounts.one_time_tokens import OneTimeTokenWork
from domain.accounts.users import (
    MAX_NAME_LENGTH,
    PasswordHasher,
    User,
    UserType,
    UserWork,
    audit_user,
    check_password,
    email_key,
    is_email,
    lock_by_email,
    too_long,
)
from domain.audit import Subject, set_active
from domain.shared.errors import InvalidInput


@dataclass(frozen=True, kw_only=True, slots=True)
class NewUser:
    """The values of a new user; a guest has no password."""

    email: str
    password: str | None = field(default=None, repr=False)
    first_name: str = ""
    last_name: str = ""


def create_user(new: NewUser, passwords: PasswordHasher, uow: UserWork) -> User:
    """Store a registered user, or a guest if there is no password.

    Raises InvalidInput with the field: for a bad e-mail address and a text that is too long or not
    printable; EmailTaken; and WeakPassword.
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


def deactivate_user(email: str, user_type: UserType, actor: str, uow: OneTimeTokenWork) -> User:
    """Deactivate a user, and end their sessions, links and handovers.

    Does nothing to an inactive user. Raises NotFound.
    """
    return _set_active(email, user_type, actor, uow, is_active=False)


def activate_user(email: str, user_type: UserType, actor: str, uow: OneTimeTokenWork) -> User:
    """Activate a user again, without their former sessions, links and handovers.

    Does nothing to an active user. Raises NotFound.
    """
    return _set_active(email, user_type, actor, uow, is_active=True)


def end_sessions(
    email: str, user_type: UserType, actor: str, uow: OneTimeTokenWork
) -> tuple[User, int]:
    """End all sessions of a user, and the links and handovers that could open one.

    Returns how many sessions there were. Raises NotFound.
    """
    user = lock_by_email(email, user_type, uow)
    count = _end_all(user, uow)
    audit_user(user, actor, "sessions ended", uow)
    uow.commit()
    return user, count


def _set_active(
    email: str, user_type: UserType, actor: str, uow: OneTimeTokenWork, *, is_active: bool
) -> User:
    user = lock_by_email(email, user_type, uow)
    if user.is_active is is_active:
        return user
    set_active(Subject.USER, user, is_active, actor, uow)
    if not is_active:
        _end_all(user, uow)
    uow.commit()
    return user


def _end_all(user: User, uow: OneTimeTokenWork) -> int:
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
        raise too_long(field, limit)
    if not text.isprintable():  # NUL and lone surrogates can't be stored, nor typed on purpose
        raise InvalidInput("This value is not valid.", field=field)
