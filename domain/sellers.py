"""Who sells on the marketplace."""

from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID, uuid4


@dataclass(eq=False, kw_only=True)
class Seller:
    """A seller; shoppers see ``pk`` and ``name`` as the datasource of an order's line."""

    pk: int = field(init=False)
    uuid: UUID = field(default_factory=uuid4)
    slug: str
    name: str


class Sellers(Protocol):
    """The stored sellers."""

    def by_slug(self, slug: str) -> Seller | None:
        """Return the seller with this slug."""
