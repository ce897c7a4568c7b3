"""Which seller asks, and what their token lets them do."""

from dataclasses import dataclass
from enum import StrEnum

from domain.errors import Forbidden


class Scope(StrEnum):
    """What a seller's token can be good for."""

    ORDERS_READ = "orders:read"
    ITEMS_REJECT = "items:reject"
    PLANS_READ = "plans:read"
    ADDRESSES_READ = "addresses:read"


@dataclass(frozen=True, slots=True)
class SellerCaller:
    """The seller whose token came with the request.

    ``is_use_noted``: that the token was used today is written down already.
    """

    seller_pk: int
    token_pk: int
    scopes: frozenset[Scope]
    is_use_noted: bool = True

    @property
    def actor(self) -> str:
        """How the audit trail names them."""
        return f"seller:{self.seller_pk}"

    def require(self, scope: Scope) -> None:
        """Raise Forbidden, naming the scope, if the token does not have it."""
        if scope not in self.scopes:
            raise Forbidden(
                "The token lacks the scope %(scope)s.",
                code="missing_scope",
                params={"scope": scope.value},
            )
