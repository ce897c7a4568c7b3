"""The user of a request's session."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from domain.accounts.sessions import SessionWork
from domain.accounts.users import User
from domain.shared.errors import NotAuthenticated


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """A user; ``last_login`` is when the newest of their stored sessions began."""

    user: User
    last_login: datetime | None

    @property
    def hashed_email(self) -> str:
        """The SHA-256 of the e-mail address in lower case, by which advertisers match addresses."""
        return sha256(self.user.email.lower().encode()).hexdigest()


def current_user(user_pk: int, uow: SessionWork) -> CurrentUser:
    """Return the user with this pk. Raises NotAuthenticated if there is no such user."""
    user = uow.users.get(user_pk)
    if user is None:
        raise NotAuthenticated
    return CurrentUser(user, uow.sessions.newest(user_pk))
