"""What a handler may ask for: the parts of the application, and of the current request."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from flask import current_app, g, request

from domain.accounts.callers import ANONYMOUS, Caller
from domain.accounts.password_resets import ResetLimits
from domain.accounts.sessions import LoginLimits
from domain.accounts.users import PasswordHasher
from domain.cancellations.drafts import CancellationPolicy
from domain.orders.anonymous_orders import GuestLookupLimits
from domain.sellers.callers import SellerCaller, ShopCaller
from domain.trade_ins import Answerer
from domain.unit_of_work import UnitOfWork
from handlers.contract.document.bundle import Contract
from handlers.contract.operations.operations import Operation
from handlers.i18n.translations import choose_language
from handlers.rendering.records import Records
from handlers.settings import Settings
from handlers.web.seller_filters import Filters

PARTS = "waybill"

Result = TypeVar("Result")


class Database(Protocol):
    """What handlers may do with the database that the composition root opened."""

    def reading(self, begun: UnitOfWork | None = None) -> AbstractContextManager[UnitOfWork]:
        """A unit of work that only reads; one that was ``begun`` goes on."""

    def prefetching(
        self, read: Callable[[UnitOfWork], object]
    ) -> AbstractContextManager[UnitOfWork]:
        """A unit of work to look up a caller in, with what ``read`` is going to ask for."""

    def writing(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work in one transaction, undone unless it is committed."""

    def write(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """What ``work`` returns; it is done again when its transaction loses to another one."""

    def note(self, work: Callable[[UnitOfWork], object]) -> None:
        """Do ``work`` where that can be done at once; nothing depends on it."""

    def require_ready(self) -> None:
        """Raises Unavailable unless requests can be served."""


@dataclass(frozen=True)
class Parts:
    """The parts of one application."""

    settings: Settings
    contract: Contract
    database: Database
    passwords: PasswordHasher
    login_limits: LoginLimits
    lookup_limits: GuestLookupLimits
    reset_limits: ResetLimits
    cancellation_policy: CancellationPolicy
    records: Records
    filters: Filters


def parts() -> Parts:
    """The parts of the current application."""
    current: Parts = current_app.extensions[PARTS]
    return current


def reading() -> AbstractContextManager[UnitOfWork]:
    """A unit of work that only reads; it goes on with the one that the caller was looked up in."""
    return parts().database.reading(g.get("begun"))


def write(work: Callable[[UnitOfWork], Result]) -> Result:
    """What ``work`` returns, which commits what it does itself.

    It is done again from the start when its transaction loses to another one. Raises Unavailable.
    """
    return parts().database.write(work)


def note(work: Callable[[UnitOfWork], object]) -> None:
    """Do ``work``, which commits what it does, where that can be done at once; never raises for it.

    For a change that an answer does not depend on.
    """
    parts().database.note(work)


def require_ready() -> None:
    """Raises Unavailable unless requests can be served; its subclass NotReady says why not."""
    parts().database.require_ready()


def settings() -> Settings:
    """The settings that the application was made with."""
    return parts().settings


def current_contract() -> Contract:
    """The contract that the application serves."""
    return parts().contract


def passwords() -> PasswordHasher:
    """The hasher of passwords."""
    return parts().passwords


def login_limits() -> LoginLimits:
    """The limits on failed logins."""
    return parts().login_limits


def lookup_limits() -> GuestLookupLimits:
    """The limits on failed look-ups of orders."""
    return parts().lookup_limits


def reset_limits() -> ResetLimits:
    """The limits on requests for a password reset."""
    return parts().reset_limits


def cancellation_policy() -> CancellationPolicy:
    """What the shop has decided about cancellations."""
    return parts().cancellation_policy


def operation() -> Operation:
    """The operation of the current request."""
    current: Operation = g.operation
    return current


def caller() -> Caller:
    """The shopper or guest whom the current request comes from; ANONYMOUS where all are let in.

    Only where the contract asks for a session or a grant.
    """
    current: Caller | None = g.caller
    return current or ANONYMOUS


def credential() -> str:
    """The value of the session or the grant that admitted the current request, from its cookie or
    its key; empty where neither did."""
    value: str | None = g.credential
    return value or ""


def seller() -> SellerCaller:
    """The seller whom the current request comes from; only where the contract asks for a token."""
    current: SellerCaller = g.caller
    return current


def shop() -> ShopCaller:
    """The shop's own system; only where the contract asks for a token of the shop."""
    current: ShopCaller = g.caller
    return current


def principal() -> Caller | SellerCaller:
    """The shopper, guest or seller who sent the current request; ANONYMOUS where it is public."""
    current: Caller | SellerCaller | None = g.caller
    return current or ANONYMOUS


def offer_principal() -> Answerer:
    """Who answers an offer by the current request: a shopper, or the holder of a mailed link."""
    current: Answerer = g.caller
    return current


def language() -> str:
    """The language of the current request's labels and messages."""
    accepted = request.environ.get("HTTP_ACCEPT_LANGUAGE", "")
    return choose_language(accepted, settings().default_language)


def record(component: str, entity: Any) -> dict[str, Any]:
    """``entity`` as the contract's ``component``, in the language of the current request."""
    return parts().records(component, entity, language())
