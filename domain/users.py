"""The people who buy: registered shoppers and guests."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.errors import InvalidInput

MAX_EMAIL_LENGTH = 254
MAX_NAME_LENGTH = 150


class UserType(StrEnum):
    """A guest has no password and sees only the newest of their orders."""

    REGISTERED = "registered"
    GUEST = "guest"


class EmailTaken(InvalidInput):
    """Another user of the same type already has this e-mail address."""

    message = "A user with this e-mail address already exists."
    code = "email_taken"


@dataclass(eq=False, kw_only=True)
class User:
    """One shopper.

    ``email`` is as first spelled; ``email_key`` is what it is found by and is unique within a
    ``user_type``. ``password_hash`` is a PHC string, None for whoever cannot log in.
    """

    pk: int = field(init=False)
    uuid: UUID
    email: str
    email_key: str
    password_hash: str | None = field(default=None, repr=False)
    user_type: UserType = UserType.REGISTERED
    first_name: str = ""
    last_name: str = ""
    is_active: bool = True
    created_date: datetime


class Users(Protocol):
    """The stored users."""

    def add(self, user: User) -> None:
        """Store ``user`` and give it its ``pk``.

        Raises EmailTaken when a user of the same type already has the key.
        """

    def get(self, pk: int) -> User | None:
        """Return the user with this pk."""

    def by_email_key(self, key: str, user_type: UserType) -> User | None:
        """Return the one user of this type whose ``email_key`` is ``key``."""


def email_key(email: str) -> str:
    """Return what two spellings of one address have in common: NFC, without case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email.strip()).casefold())
