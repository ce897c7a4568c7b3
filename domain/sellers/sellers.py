"""Sellers of the marketplace."""

import re
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID, uuid4

from domain.audit import AuditWork, Subject, record_change, set_active, state_of
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.paging import Page, PageRequest
from domain.shared.texts import require_text

MAX_NAME_LENGTH = 200

_SLUG = re.compile(r"[A-Za-z0-9._-]{1,64}")  # as in openapi/imports/documents.yaml


@dataclass(eq=False, kw_only=True)
class Seller:
    """A seller; shoppers see ``pk`` and ``name`` as the datasource of an order item.

    An inactive seller keeps their orders, but their tokens are invalid.
    """

    pk: int = field(init=False, repr=False)
    uuid: UUID = field(default_factory=uuid4)
    slug: str
    name: str
    is_active: bool = True


class Sellers(Protocol):
    """The stored sellers."""

    def by_slug(self, slug: str) -> Seller | None:
        """Return the seller with this slug."""

    def lock(self, slug: str) -> Seller | None:
        """Return the seller with this slug; no other transaction changes it before this ends."""

    def add(self, seller: Seller) -> None:
        """Store ``seller`` and give it its ``pk``. Raises SlugTaken."""

    def count(self) -> int:
        """Return how many sellers there are."""

    def page(self, page: PageRequest) -> list[Seller]:
        """Return one page of the sellers, by slug."""


class SellerWork(AuditWork, Protocol):
    """A unit of work on sellers."""

    @property
    def sellers(self) -> Sellers: ...


class SlugTaken(InvalidInput):
    """Another seller has this slug."""

    message = "A seller with this slug already exists."
    code = "slug_taken"


def list_sellers(page: PageRequest, uow: SellerWork) -> Page[Seller]:
    """Return one page of the sellers, by slug. Raises InvalidPage."""
    count = uow.sellers.count()
    page.require_within(count)
    return Page(count, page.number, page.limit, uow.sellers.page(page))


def add_seller(slug: str, name: str, actor: str, uow: SellerWork) -> Seller:
    """Store a seller. Raises InvalidInput for a bad slug or name, and SlugTaken."""
    if not _SLUG.fullmatch(slug):
        message = "Must be 1 to 64 letters, digits, dots, dashes and underscores."
        raise InvalidInput(message, code="invalid_slug", field="slug")
    require_text("name", name, MAX_NAME_LENGTH)
    seller = Seller(slug=slug, name=name.strip())
    uow.sellers.add(seller)
    record_change(Subject.SELLER, seller.uuid, (None, state_of(seller)), actor, uow)
    uow.commit()
    return seller


def change_seller(slug: str, name: str, actor: str, uow: SellerWork) -> Seller:
    """Rename a seller; all orders show the new name from the next read on.

    Imports never change names. Raises NotFound, and InvalidInput for a bad name.
    """
    require_text("name", name, MAX_NAME_LENGTH)
    seller = _lock(slug, uow)
    if seller.name != name.strip():
        state, note = (state_of(seller), state_of(seller)), f"name was {seller.name}"
        seller.name = name.strip()
        record_change(Subject.SELLER, seller.uuid, state, actor, uow, note)
    uow.commit()
    return seller


def set_seller_active(slug: str, is_active: bool, actor: str, uow: SellerWork) -> Seller:
    """Activate or deactivate a seller, and with them their tokens. Raises NotFound."""
    seller = _lock(slug, uow)
    if seller.is_active is not is_active:
        set_active(Subject.SELLER, seller, is_active, actor, uow)
    uow.commit()
    return seller


def _lock(slug: str, uow: SellerWork) -> Seller:
    seller = uow.sellers.lock(slug)
    if seller is None:
        raise NotFound
    return seller
