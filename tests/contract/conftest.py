"""A shop in which two shoppers and a guest have orders."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from domain.accounts.users import User, UserType
from handlers.auth.passwords import Argon2Passwords
from tests.support.application import Shop

# From the contract's example.
EMAIL, PASSWORD = "elif.kaya@example.com", "correct horse battery staple"


@dataclass
class Person:
    """A user with a session, and the pks of their orders, lines and old orders."""

    user: User
    session: str
    orders: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    old_orders: list[int] = field(default_factory=list)

    @property
    def is_guest(self) -> bool:
        """Whether they see only their newest order, and no old orders."""
        return self.user.user_type is UserType.GUEST


@pytest.fixture
def people(shop: Shop) -> dict[str, Person]:
    """Elif, Mert and a guest; the pks of their orders alternate."""
    users = {
        "elif": shop.user(email=EMAIL, password_hash=Argon2Passwords().hash(PASSWORD)),
        "mert": shop.user(),
        "guest": shop.user(user_type=UserType.GUEST),
    }
    people = {name: Person(user, shop.session(user)) for name, user in users.items()}
    now = datetime.now(UTC)
    for days in (50, 25, 0):
        for name, user in users.items():
            order = shop.order(user, created_date=now - timedelta(days=days))
            people[name].orders.append(order.pk)
            people[name].lines += [item.pk for item in order.items]
            people[name].old_orders.append(shop.old_order(user).pk)
    return people
