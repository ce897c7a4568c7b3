"""The seller or the system of the shop that sends a request, and the scopes of the token."""

from dataclasses import dataclass
from enum import StrEnum

from domain.shared.errors import Forbidden


class Scope(StrEnum):
    """Scopes of sellers' tokens."""

    ORDERS_READ = "orders:read"
    ITEMS_REJECT = "items:reject"
    PLANS_READ = "plans:read"
    ADDRESSES_READ = "addresses:read"


class ShopScope(StrEnum):
    """Scopes of the shop's own tokens; sellers' tokens never have them."""

    SHOPPERS_LOGIN = "shoppers:login"


AnyScope = Scope | ShopScope


@dataclass(frozen=True, slots=True)
class SellerCaller:
    """The seller whose token authenticates the request.

    ``is_use_recorded``: the token's use today is already recorded.
    """

    seller_pk: int
    token_pk: int
    scopes: frozenset[AnyScope]
    is_use_recorded: bool = True

    @property
    def actor(self) -> str:
        """The name in the audit trail."""
        return f"seller:{self.seller_pk}"


@dataclass(frozen=True, slots=True)
class ShopCaller:
    """The shop's own system whose token authenticates the request."""

    token_pk: int
    scopes: frozenset[AnyScope]
    is_use_recorded: bool = True

    @property
    def actor(self) -> str:
        """The name in the audit trail."""
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
