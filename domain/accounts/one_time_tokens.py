"""One-time tokens, for the links of password resets and handovers."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.accounts.sessions import SessionWork
from domain.shared.errors import Gone


class Purpose(StrEnum):
    """What a token is for; a token for one purpose does nothing for another."""

    PASSWORD_RESET = "password_reset"  # noqa: S105 - a name, no password
    HANDOVER = "handover"


class LinkExpired(Gone):
    """The link was used, has expired, was revoked or never existed; one error for all of them."""

    message = "This link is no longer valid."
    code = "link_expired"


@dataclass(frozen=True, kw_only=True)
class OneTimeToken:
    """One token of one user.

    ``uuid`` is not the value in the link: the link has the UUID with a signature, so that a reader
    of the database cannot make one. ``used_date`` is also set when the token is revoked. The row
    stays until it expires, so that a repeated delivery of the same e-mail does not renew it.
    """

    uuid: UUID
    purpose: Purpose
    user_pk: int
    created_date: datetime
    expires_date: datetime
    used_date: datetime | None = field(default=None)

    def is_valid(self, now: datetime) -> bool:
        """Whether the token can still be used."""
        return self.used_date is None and now < self.expires_date


class OneTimeTokens(Protocol):
    """The stored tokens."""

    def add(self, token: OneTimeToken) -> None:
        """Store ``token``."""

    def get(self, uuid: UUID, purpose: Purpose) -> OneTimeToken | None:
        """Return the token with this UUID and purpose, even if it is expired or used."""

    def use(self, uuid: UUID, now: datetime) -> bool:
        """Mark the token as used. Return False if it was used or has expired: only one transaction
        can ever get True."""

    def revoke(self, user_pk: int, now: datetime) -> None:
        """Mark every unused token of the user as used."""


class OneTimeTokenWork(SessionWork, Protocol):
    """A unit of work on one-time tokens and the sessions that they open."""

    @property
    def one_time_tokens(self) -> OneTimeTokens: ...
