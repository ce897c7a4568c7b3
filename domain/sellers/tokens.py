"""Tokens of sellers and of the shop's own systems; only their hashes are stored."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Protocol
from uuid import UUID, uuid4

from domain.sellers.callers import AnyScope, Scope, SellerCaller, ShopCaller, ShopScope, TokenCaller
from domain.sellers.sellers import Seller, SellerWork
from domain.shared.errors import Conflict, InvalidInput, NotAuthenticated, NotFound
from domain.shared.identifiers import require_storable_pk
from domain.shared.paging import Page, PageRequest

MAX_NAME_LENGTH = 100

# The prefix lets people and secret scanners recognize a leaked token.
_PREFIX = "wbs_"
_VALUE_BYTES = 32
_VALUE = re.compile(_PREFIX + "[A-Za-z0-9_-]{43}")


@dataclass(eq=False, kw_only=True)
class SellerToken:
    """One token of a seller, or of the shop if ``seller`` is None; ``name`` describes its use.

    ``token_hash`` is the SHA-256 of the value (32 bytes). ``last_used_day`` is a UTC day.
    """

    pk: int = field(init=False, repr=False)
    uuid: UUID = field(default_factory=uuid4)
    seller: Seller | None
    name: str
    token_hash: bytes = field(repr=False)
    scopes: frozenset[AnyScope]
    created_date: datetime
    expires_date: datetime
    revoked_date: datetime | None = None
    last_used_day: date | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether the token is neither revoked nor expired."""
        return self.revoked_date is None and now < self.expires_date


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """What is needed to check a token that is not revoked, read in one statement."""

    token_pk: int
    seller_pk: int | None
    scopes: frozenset[AnyScope]
    expires_date: datetime
    last_used_day: date | None


class SellerTokens(Protocol):
    """The stored tokens, with their sellers."""

    def add(self, token: SellerToken) -> None:
        """Store ``token`` and give it its ``pk``."""

    def holder(self, token_hash: bytes) -> TokenHolder | None:
        """Return the holder of the token with this hash, if not revoked and the seller is active.

        The token may have expired.
        """

    def get(self, pk: int) -> SellerToken | None:
        """Return the token with this pk."""

    def record_use(self, pk: int, day: date) -> None:
        """Record that the token was used on ``day``."""

    def count(self, seller_slug: str | None) -> int:
        """Return the number of tokens of one seller, or of all."""

    def tokens(self, seller_slug: str | None, page: PageRequest) -> list[SellerToken]:
        """Return one page of them, newest first."""


class SellerTokenWork(SellerWork, Protocol):
    """A unit of work on tokens and their sellers."""

    @property
    def seller_tokens(self) -> SellerTokens: ...


def authenticate_token(value: str | None, uow: SellerTokenWork) -> TokenCaller:
    """Return the caller whose token is ``value``.

    Raises the same NotAuthenticated for no value, an impossible one (without a query), an unknown,
    expired or revoked token, and one of an inactive seller.
    """
    if value is None or not _VALUE.fullmatch(value):
        raise NotAuthenticated
    holder = uow.seller_tokens.holder(_hash(value))
    if holder is None or holder.expires_date <= uow.now:
        raise NotAuthenticated
    is_use_recorded = holder.last_used_day == uow.now.date()
    if holder.seller_pk is None:
        return ShopCaller(holder.token_pk, holder.scopes, is_use_recorded)
    return SellerCaller(holder.seller_pk, holder.token_pk, holder.scopes, is_use_recorded)


def record_use(caller: TokenCaller, uow: SellerTokenWork) -> None:
    """Record that the caller's token was used today, unless it is recorded already."""
    if not caller.is_use_recorded:
        uow.seller_tokens.record_use(caller.token_pk, uow.now.date())
        uow.commit()


def create_seller_token(
    seller_slug: str,
    name: str,
    scopes: Collection[Scope],
    lifetime: timedelta,
    uow: SellerTokenWork,
) -> tuple[SellerToken, str]:
    """Create a token of a seller; return it with its value, which is not stored.

    Raises NotFound for an unknown seller, Conflict for an inactive one, and InvalidInput for a name
    that is empty or too long and for no scopes.
    """
    seller = uow.sellers.by_slug(seller_slug)
    if seller is None:
        raise NotFound
    if not seller.is_active:
        raise Conflict("The seller is not active.", code="seller_inactive")
    return _create(seller, name, scopes, lifetime, uow)


def create_shop_token(
    name: str, scopes: Collection[ShopScope], lifetime: timedelta, uow: SellerTokenWork
) -> tuple[SellerToken, str]:
    """Create a token of the shop itself; see ``create_seller_token``."""
    return _create(None, name, scopes, lifetime, uow)


def _create(
    seller: Seller | None,
    name: str,
    scopes: Collection[AnyScope],
    lifetime: timedelta,
    uow: SellerTokenWork,
) -> tuple[SellerToken, str]:
    if not 1 <= len(name.strip()) <= MAX_NAME_LENGTH:
        raise InvalidInput(
            "Must be 1 to %(length)s characters long.",
            code="invalid_name",
            field="name",
            params={"length": MAX_NAME_LENGTH},
        )
    if not scopes:
        raise InvalidInput("A token needs a scope.", code="no_scopes", field="scopes")
    value = _PREFIX + token_urlsafe(_VALUE_BYTES)
    token = SellerToken(
        seller=seller,
        name=name.strip(),
        token_hash=_hash(value),
        scopes=frozenset(scopes),
        created_date=uow.now,
        expires_date=uow.now + lifetime,
    )
    uow.seller_tokens.add(token)
    uow.commit()
    return token, value


def list_seller_tokens(
    seller_slug: str | None, page: PageRequest, uow: SellerTokenWork
) -> Page[SellerToken]:
    """Return one page of a seller's tokens, or of all; newest first. Raises InvalidPage."""
    count = uow.seller_tokens.count(seller_slug)
    page.require_within(count)
    return Page(count, page.number, page.limit, uow.seller_tokens.tokens(seller_slug, page))


def revoke_seller_token(pk: int, uow: SellerTokenWork) -> SellerToken:
    """Revoke a token; one that is revoked already keeps its date. Raises NotFound."""
    require_storable_pk(pk)
    token = uow.seller_tokens.get(pk)
    if token is None:
        raise NotFound
    if token.revoked_date is None:
        token.revoked_date = uow.now
    uow.commit()
    return token


def _hash(value: str) -> bytes:
    return sha256(value.encode()).digest()
