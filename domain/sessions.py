"""Who is logged in: sessions, of which only a hash is stored."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(eq=False, kw_only=True)
class Session:
    """One login.

    ``id_hash`` is the SHA-256 of the cookie's value (32 bytes), so that a reader of the database
    can become nobody.
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


class Sessions(Protocol):
    """The stored sessions."""

    def add(self, session: Session) -> None:
        """Store ``session``."""

    def owner(self, id_hash: bytes) -> SessionOwner | None:
        """Return the owner of the session with this hash, expired and inactive ones too."""

    def remove(self, id_hash: bytes) -> None:
        """Delete the session with this hash, if there is one."""

    def remove_expired(self, now: datetime) -> None:
        """Delete every session whose ``expires_date`` is not after ``now``."""
