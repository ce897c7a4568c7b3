"""Which seller sends a request, or which system of the shop, and what the token allows."""

from dataclasses import dataclass
from enum import StrEnum

from domain.shared.errors import Forbidden


class Scope(StrEnum):
    """What a seller's token can be good for."""

    ORDERS_READ = "orders:read"
    ITEMS_REJECT = "items:reject"
    PLANS_READ = "plans:read"
    ADDRESSES_READ = "addresses:read"


class ShopScope(StrEnum):
    """What a token of the shop itself can be good for; no seller's token is good for it."""

    SHOPPERS_LOGIN = "shoppers:login"


AnyScope = Scope | ShopScope


@dataclass(frozen=True, slots=True)
class SellerCaller:
    """The seller whose token came with the request.

    ``is_use_noted``: that the token was used today is written down already.
    """

    seller_pk: int
    token_pk: int
    scopes: frozenset[AnyScope]
    is_use_noted: bool = True

    @property
    def actor(self) -> str:
        """How the audit trail names them."""
        return f"seller:{self.seller_pk}"


@dataclass(frozen=True, slots=True)
class ShopCaller:
    """The system of the shop itself whose token came with the request."""

    token_pk: int
    scopes: frozenset[AnyScope]
    is_use_noted: bool = True

    @property
    def actor(self) -> str:
        """How the audit trail names it."""
        return f"shop:{self.token_pk}"


TokenCaller = SellerCaller | ShopCaller


def require_scope(caller: TokenCaller, scope: AnyScope) -> None:
    """Raise Forbidden, naming the scope, if the caller's token does not have it."""
    if scope not in caller.scopes:
        raise Forbidden(
            "The token lacks the scope %(scope)s.",
            code="missing_scope",
            params={"scope": scope.value},
        )
