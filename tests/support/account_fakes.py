"""Users and sessions without a database: a builder, and fakes for the services."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any

from domain.accounts.sessions import Session, SessionOwner
from domain.accounts.users import EmailTaken, PasswordOwner, User, UserType
from domain.shared.errors import LoginFailed, NotFound, TooManyAttempts
from tests.support.builders import NOW, make_user

_pks = count(1)


def make_shopper(**overrides: Any) -> User:
    """A stored user who can log in with "correct horse"."""
    return make_user(**{"pk": next(_pks), "password_hash": "old:correct horse"} | overrides)


class FakePasswords:
    """Readable hashes; ``scheme`` stands for the parameters of a real hash."""

    def __init__(self, scheme: str = "old") -> None:
        self.scheme = scheme
        self.verified: list[str | None] = []

    def hash(self, password: str) -> str:
        return f"{self.scheme}:{password}"

    def verify(self, password_hash: str | None, password: str) -> bool:
        self.verified.append(password_hash)
        return password_hash is not None and password_hash.partition(":")[2] == password

    def needs_rehash(self, password_hash: str) -> bool:
        return not password_hash.startswith(f"{self.scheme}:")


class FakeAttempts:
    """Records attempts and failed ones; raises TooManyAttempts if there is a ``wait``."""

    def __init__(self, wait: int | None = None) -> None:
        self.wait = wait
        self.begun: list[Any] = []
        self.misses: list[Any] = []

    @contextmanager
    def attempt(self, request: Any) -> Iterator[None]:
        if self.wait is not None:
            raise TooManyAttempts(self.wait)
        self.begun.append(request)
        try:
            yield
        except (LoginFailed, NotFound):
            self.misses.append(request)
            raise


class FakeUsers:
    def __init__(self, *users: User) -> None:
        self.stored = list(users)

    def add(self, user: User) -> None:
        if self.by_email_key(user.email_key, user.user_type):
            raise EmailTaken(field="email")
        user.pk = next(_pks)
        self.stored.append(user)

    def is_empty(self) -> bool:
        return not self.stored

    def are_all_at(self, domain: str) -> bool:
        return all(user.email.endswith(f"@{domain}") for user in self.stored)

    def get(self, pk: int) -> User | None:
        return next((user for user in self.stored if user.pk == pk), None)

    def lock(self, pk: int) -> User | None:
        return self.get(pk)

    def by_email_key(self, key: str, user_type: UserType) -> User | None:
        owner = (key, user_type)
        return next((u for u in self.stored if (u.email_key, u.user_type) == owner), None)

    def password_owner(self, key: str) -> PasswordOwner | None:
        user = self.by_email_key(key, UserType.REGISTERED)
        if user is None:
            return None
        return PasswordOwner(user.pk, user.is_active, user.password_hash)


class FakeSessions:
    def __init__(self, users: FakeUsers) -> None:
        self.users = users
        self.stored: dict[bytes, Session] = {}
        self.lookups = 0

    def add(self, session: Session) -> None:
        self.stored[session.id_hash] = session

    def owner(self, id_hash: bytes, user_pk: int | None = None) -> SessionOwner | None:
        self.lookups += 1
        session = self.stored.get(id_hash)
        if session and user_pk not in (None, session.user_pk):
            return None
        user = self.users.get(session.user_pk) if session else None
        if session is None or user is None:
            return None
        is_guest = user.user_type is UserType.GUEST
        return SessionOwner(user.pk, is_guest, user.is_active, session.expires_date)

    def remove(self, id_hash: bytes, user_pk: int | None = None) -> None:
        if id_hash in self.stored and user_pk in (None, self.stored[id_hash].user_pk):
            del self.stored[id_hash]

    def remove_all(self, user_pk: int) -> int:
        own = [key for key, session in self.stored.items() if session.user_pk == user_pk]
        for key in own:
            self.remove(key)
        return len(own)

    def newest(self, user_pk: int) -> datetime | None:
        sessions = self.stored.values()
        began = [session.created_date for session in sessions if session.user_pk == user_pk]
        return max(began, default=None)


class FakeUnitOfWork:
    """Users and sessions only; anything else raises AttributeError."""

    audit: Any
    sellers: Any
    seller_tokens: Any
    one_time_tokens: Any

    def __init__(self, *users: User, now: datetime = NOW) -> None:
        self.now = now
        self.users = FakeUsers(*users)
        self.sessions = FakeSessions(self.users)
        self.commits = 0

    def commit(self) -> None:
        self.commits += 1
