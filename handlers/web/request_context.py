"""The parts of the application and of the current request, for handlers."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from domain.accounts.callers import ANONYMOUS, Caller
from domain.accounts.password_resets import ResetLimits
from domain.accounts.sessions import LoginLimits
from domain.accounts.users import PasswordHasher
from domain.cancellations.drafts import CancellationPolicy
from domain.orders.anonymous_orders import GuestLookupLimits
from domain.sellers.callers import SellerCaller, ShopCaller
from domain.shared.positions import Position, StandbyReader
from domain.trade_ins import OfferPrincipal
from domain.unit_of_work import UnitOfWork
from handlers.contract.document.bundle import Contract
from handlers.contract.operations.operations import Operation
from handlers.http.current import current_application, current_request, request_state
from handlers.i18n.translations import choose_language
from handlers.metrics.catalogue import Metrics
from handlers.rendering.records import Records
from handlers.settings import Settings
from handlers.web.seller_filters import Filters

PARTS = "waybill"

Result = TypeVar("Result")


class Database(Protocol):
    """The methods of the database that handlers may use."""

    def reading(self, begun: UnitOfWork | None = None) -> AbstractContextManager[UnitOfWork]:
        """A read-only unit of work; continues the one that was ``begun``."""

    def prefetching(
        self,
        read: Callable[[UnitOfWork], object] | None = None,
        reader: StandbyReader | None = None,
    ) -> AbstractContextManager[UnitOfWork]:
        """A unit of work to look up the caller, together with the queries of ``read``; on a standby
        that ``reader`` may read.
        """

    def writing(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work in one transaction, rolled back unless it is committed."""

    def write(
        self,
        work: Callable[[UnitOfWork], Result],
        note: Callable[[Position], None] | None = None,
    ) -> Result:
        """The result of ``work``, which runs again if its transaction conflicts with another.

        ``note`` gets the position after its changes, before they are committed.
        """

    def write_best_effort(self, work: Callable[[UnitOfWork], object]) -> None:
        """Try ``work`` without waiting; failures are ignored."""

    def require_ready(self) -> None:
        """Raises Unavailable unless requests can be served."""


class Clients(Protocol):
    """The clients of a server that reads standbys."""

    def reader(self, credential: str, *, is_cookie: bool) -> StandbyReader | None:
        """The client of the current request; None if only the primary can serve it."""

    def note(self, position: Position) -> None:
        """Note the position after the changes of the current request. Raises Unavailable."""


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
    metrics: Metrics
    tracing: object = None
    clients: Clients | None = None


def parts() -> Parts:
    """The parts of the current application."""
    current: Parts = current_application().extensions[PARTS]
    return current


def reading() -> AbstractContextManager[UnitOfWork]:
    """A read-only unit of work; continues the one that looked up the caller."""
    return parts().database.reading(request_state().get("begun"))


def standby_reader(credential: str | None, *, is_cookie: bool) -> StandbyReader | None:
    """The client of the current request that may read a standby; None if only the primary can
    serve it.

    Notes the credential for changes of this request.
    """
    clients = parts().clients
    if clients is None or credential is None:
        return None
    state = request_state()
    state.client, state.is_client_by_cookie = credential, is_cookie
    return clients.reader(credential, is_cookie=is_cookie)


def write(work: Callable[[UnitOfWork], Result]) -> Result:
    """The result of ``work``, which commits its changes itself.

    It runs again from the start if its transaction conflicts with another one. Raises Unavailable.
    """
    current = parts()
    if current.clients is None:
        return current.database.write(work)
    return current.database.write(work, current.clients.note)


def write_best_effort(work: Callable[[UnitOfWork], object]) -> None:
    """Try ``work``, which commits its changes, without waiting; its failures are ignored.

    For changes that the response does not depend on.
    """
    parts().database.write_best_effort(work)


def require_ready() -> None:
    """Raises Unavailable unless requests can be served; its subclass NotReady says why not."""
    parts().database.require_ready()


def metrics() -> Metrics:
    """The metrics of the server."""
    return parts().metrics


def settings() -> Settings:
    """The settings of the application."""
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
    """The cancellation policy of the shop."""
    return parts().cancellation_policy


def operation() -> Operation:
    """The operation of the current request."""
    current: Operation = request_state().operation
    return current


def caller() -> Caller:
    """The shopper or guest who sent the current request; ANONYMOUS where it is public.

    Only for operations that take a session or a grant.
    """
    current: Caller | None = request_state().caller
    return current or ANONYMOUS


def credential() -> str:
    """The session or grant that authenticated the current request, from its cookie or key; empty
    for others."""
    value: str | None = request_state().credential
    return value or ""


def seller() -> SellerCaller:
    """The seller who sent the current request; only for operations that take a seller's token."""
    current: SellerCaller = request_state().caller
    return current


def shop() -> ShopCaller:
    """The shop's own system; only for operations that take a token of the shop."""
    current: ShopCaller = request_state().caller
    return current


def principal() -> Caller | SellerCaller:
    """The shopper, guest or seller who sent the current request; ANONYMOUS where it is public."""
    current: Caller | SellerCaller | None = request_state().caller
    return current or ANONYMOUS


def offer_principal() -> OfferPrincipal:
    """The caller who answers an offer: a shopper, or the holder of a mailed link."""
    current: OfferPrincipal = request_state().caller
    return current


def language() -> str:
    """The language of the current request's labels and messages."""
    accepted = current_request().environ.get("HTTP_ACCEPT_LANGUAGE", "")
    return choose_language(accepted, settings().default_language)


def record(component: str, entity: Any) -> dict[str, Any]:
    """``entity`` as the contract's ``component``, in the language of the current request."""
    return parts().records(component, entity, language())
