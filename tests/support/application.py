"""The whole application on an empty database, and clients whose exchanges are validated."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pytest
import structlog
from starlette.testclient import TestClient

from domain.accounts.one_time_tokens import OneTimeToken, Purpose
from domain.accounts.sessions import open_session
from domain.accounts.users import User
from domain.orders.cancellations import CancellationReason, CancellationType
from domain.orders.old_orders import OldOrder
from domain.orders.orders import Order
from domain.orders.trade_in_offers import TradeInOffer
from domain.sellers.callers import Scope, ShopScope
from domain.sellers.sellers import Seller
from domain.sellers.tokens import create_seller_token, create_shop_token
from handlers.app import create_app, database_of, metrics_of, rate_limits
from handlers.auth.one_time_links import sign_token
from handlers.auth.session_cookies import new_csrf_token
from handlers.contract.asgi.routing import ContractApp
from handlers.contract.document.bundle import load_contract
from handlers.settings import Settings
from handlers.web.request_context import PARTS, Database
from tests.support.builders import make_old_order, make_order, make_reason, make_user
from tests.support.exchange_validator import ExchangeValidator, HeaderValidator
from tests.support.presence import FOLDER, collector

SUPPLIED = Path(__file__).parents[1] / "contract" / "supplied.json"

# The domain of the cookies that the application sets for its test clients. A cookie without it
# would not be replaced by the application's one, and both would be sent.
DOMAIN = "testserver.local"

Entity = TypeVar("Entity")
Check = Callable[[httpx.Request, httpx.Response], None]


@pytest.fixture(scope="session", autouse=True)
def logs() -> None:
    """Send log lines to pytest instead of the screen."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def usual_settings(database_url: str) -> Settings:
    return Settings(secret="a secret of thirty-two characters", database_url=database_url)


@pytest.fixture
def settings(database_url: str) -> Settings:
    return usual_settings(database_url)


@pytest.fixture(scope="session")
def usual_app(migrated_url: str) -> Iterator[ContractApp]:
    """The application that a worker's tests share: another would compile everything again."""
    app = create_app(usual_settings(migrated_url))
    yield app
    database_of(app).close()


@pytest.fixture
def app(settings: Settings, usual_app: ContractApp) -> Iterator[ContractApp]:
    """An application with these settings, and without counted misses of logins and look-ups."""
    extensions = usual_app.app.extensions
    if settings == extensions[PARTS].settings:
        limits = rate_limits(settings, metrics_of(usual_app))
        extensions[PARTS] = replace(extensions[PARTS], **limits)
        yield usual_app
        return
    app = create_app(settings)
    yield app
    database_of(app).close()


@pytest.fixture(scope="session")
def exchange_checks() -> list[Check]:
    """Checks against the published contract and its headers, and against the supplied contract."""
    published = load_contract().document
    supplied = json.loads(SUPPLIED.read_text("utf-8"))
    added = published["paths"].keys() - supplied["paths"].keys()
    collecting = [collector().check] if FOLDER else []
    return [
        *collecting,
        ExchangeValidator(published).check,
        HeaderValidator(published).check,
        ExchangeValidator(supplied, only_documented=True, other_paths=added).check,
    ]


class Clients:
    """Clients of one application, with separate cookies."""

    def __init__(self, app: ContractApp, exchange_checks: list[Check]) -> None:
        self._app = app
        self._checks = exchange_checks

    def new(self, session: str | None = None) -> TestClient:
        """A client with the cookie of this session."""
        client = TestClient(self._app, follow_redirects=False)
        client.event_hooks = {"response": [self._check]}
        if session is not None:
            client.cookies.set("sessionid", session, domain=DOMAIN)
        return client

    def posting(self, session: str) -> TestClient:
        """A client with the cookies of this session, whose requests have its CSRF token."""
        client = self.new(session)
        token = new_csrf_token(session, self._app.app.extensions[PARTS].settings)
        client.cookies.set("csrftoken", token, domain=DOMAIN)
        client.headers["x-csrftoken"] = token
        return client

    def selling(self, token: str) -> TestClient:
        """A client of a seller with this token, whose requests are all in JSON."""
        client = self.new()
        client.headers["Authorization"] = f"Bearer {token}"
        client.headers["Content-Type"] = "application/json"
        return client

    def _check(self, response: httpx.Response) -> None:
        response.read()
        # Without coverage's tracer, which slows down the checks and measures none of their code.
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            for check in self._checks:
                check(response.request, response)
        finally:
            sys.settrace(tracer)


@pytest.fixture
def clients(app: ContractApp, exchange_checks: list[Check]) -> Clients:
    return Clients(app, exchange_checks)


@pytest.fixture
def client(clients: Clients) -> TestClient:
    """A client without a session."""
    return clients.new()


class Shop:
    """The database of the application."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def user(self, **overrides: Any) -> User:
        """A stored user."""
        return self._stored("users", make_user(**overrides))

    def order(self, user: User, **overrides: Any) -> Order:
        """A stored order of the user."""
        return self._stored("orders", make_order(user_pk=user.pk, **overrides))

    def old_order(self, user: User, **overrides: Any) -> OldOrder:
        """A stored old order of the user."""
        return self._stored("old_orders", make_old_order(user_pk=user.pk, **overrides))

    def reason(
        self, kind: CancellationType = CancellationType.CANCEL, **overrides: Any
    ) -> CancellationReason:
        """A stored reason to cancel or return."""
        reason = make_reason(cancellation_type=kind, **overrides)
        return self._stored("cancellation_reasons", reason)

    def stored_order(self, order: Order) -> Order:
        """The order in its current state."""
        return self._locked(order.items[0].pk)

    def order_of(self, offer: TradeInOffer) -> Order:
        """The order with the item of a trade-in offer."""
        return self._locked(offer.order_item_pk)

    def stored_offer(self, offer: TradeInOffer) -> TradeInOffer:
        """The offer in its current state."""
        items = self._locked(offer.order_item_pk).items
        return next(
            stored for item in items for stored in item.trade_in_offers if stored.uuid == offer.uuid
        )

    def _locked(self, item_pk: int) -> Order:
        with self.database.writing() as uow:
            [order] = uow.orders.lock_by_items([item_pk], None)
        return order

    def session(self, user: User, days: int = 1) -> str:
        """The cookie value of a new session of the user; with negative days it has expired."""
        with self.database.writing() as uow:
            return open_session(user, timedelta(days=days), uow).value

    def token(self, seller: Seller, scopes: Sequence[Scope] = tuple(Scope), days: int = 30) -> str:
        """The value of a new token of a stored seller; with negative days it has expired."""
        with self.database.writing() as uow:
            return create_seller_token(seller.slug, "stock", scopes, timedelta(days=days), uow)[1]

    def shop_token(self, days: int = 30) -> str:
        """The value of a new token of the shop itself; with negative days it has expired."""
        scopes, lifetime = tuple(ShopScope), timedelta(days=days)
        with self.database.writing() as uow:
            return create_shop_token("storefront", scopes, lifetime, uow)[1]

    def one_time_token(
        self, user: User, purpose: Purpose = Purpose.PASSWORD_RESET, minutes: int = 60
    ) -> OneTimeToken:
        """A stored token of the user; with negative minutes it has expired."""
        token = OneTimeToken(
            uuid=uuid4(),
            purpose=purpose,
            user_pk=user.pk,
            created_date=datetime.now(UTC),
            expires_date=datetime.now(UTC) + timedelta(minutes=minutes),
        )
        with self.database.writing() as uow:
            uow.one_time_tokens.add(token)
            uow.commit()
        return token

    def link(self, user: User, purpose: Purpose, minutes: int = 60) -> str:
        """The token of a new one-time link of the user; with negative minutes it has expired."""
        token = self.one_time_token(user, purpose, minutes)
        return sign_token(token.uuid, purpose, usual_settings(""))

    def _stored(self, kind: str, entity: Entity) -> Entity:
        with self.database.writing() as uow:
            getattr(uow, kind).add(entity)
            uow.commit()
        return entity


@pytest.fixture
def shop(app: ContractApp) -> Shop:
    return Shop(database_of(app))


@pytest.fixture
def shopper(shop: Shop) -> User:
    return shop.user()


@pytest.fixture
def cancelling(clients: Clients, shop: Shop, shopper: User) -> TestClient:
    """The shopper's client, with a CSRF token."""
    return clients.posting(shop.session(shopper))


@pytest.fixture
def shopping(clients: Clients, shop: Shop, shopper: User) -> TestClient:
    """The shopper's client."""
    return clients.new(shop.session(shopper))
