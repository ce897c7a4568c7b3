"""Requests to a server that reads a standby: who reads it, and what is never stale."""

from collections.abc import Iterator

import httpx
import pytest
from fakeredis import FakeRedis, FakeServer
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.orders.orders import Order
from domain.sellers.sellers import Seller
from handlers.app import create_app, database_of
from handlers.auth.passwords import Argon2Passwords
from handlers.contract.asgi.routing import ContractApp
from handlers.settings import DatabaseReads, Settings
from tests.conftest import KIND
from tests.handlers.test_metrics import scrape
from tests.support.application import Check, Clients, Shop
from tests.support.builders import make_item, make_seller
from tests.support.processes import wait_until
from tests.support.replication import Node, Replicated, migrated_servers

pytestmark = [
    pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no standby"),
    pytest.mark.usefixtures("make_url"),  # or the run on PostgreSQL would leave it out
]

SECRET = "a secret of thirty-two characters"
PASSWORD = "correct horse battery staple"
ORDERS = "/users/orders/?limit=1"
SELLERS_ORDERS = "/api/i1/orders/"
REQUESTS = "/users/orders/cancellation_requests/"


@pytest.fixture(scope="module")
def servers() -> Iterator[Replicated]:
    with migrated_servers(1) as servers:
        yield servers


@pytest.fixture(scope="module", params=["memory://", "redis://redis.example.com/0"])
def standby_app(request: pytest.FixtureRequest, servers: Replicated) -> Iterator[ContractApp]:
    primary, standby = servers.nodes
    server = FakeServer()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("redis.from_url", lambda *_, **__: FakeRedis(server=server))
        settings = Settings(
            secret=SECRET,
            database_url=primary.url(),
            database_read_url=standby.url(),
            database_read_lag=60,
            limits_storage=request.param,
            document_memory_mib=0,
        )
        app = create_app(settings)
        yield app
        database_of(app).close()


class Store:
    """A shop whose server reads a standby."""

    def __init__(self, app: ContractApp, servers: Replicated, checks: list[Check]) -> None:
        self.database = database_of(app)
        self.clients = Clients(app, checks)
        self.shop = Shop(self.database)
        self.primary: Node
        self.standby: Node
        self.primary, self.standby = servers.nodes
        self.seller: Seller = make_seller()
        self.shopper: User = self.shop.user(password_hash=Argon2Passwords().hash(PASSWORD))
        self.order: Order = self.shop.order(
            self.shopper, items=[make_item(line=line, seller=self.seller) for line in (1, 2)]
        )
        self.reason = self.shop.reason().pk
        self.catch_up()

    def catch_up(self) -> None:
        """Have the standby apply all changes."""
        self.standby.resume()
        self.standby.wait_for(self.primary)

    def log_in(self, client: TestClient) -> httpx.Response:
        """Log in; the client repeats the CSRF token from then on."""
        content = {"email": self.shopper.email, "password": PASSWORD}
        response: httpx.Response = client.post("/users/login/", json=content)
        assert response.status_code == 200, response.text
        client.headers["x-csrftoken"] = response.json()["csrf_token"]
        return response

    def cancel(self, client: TestClient, **headers: str) -> httpx.Response:
        """Cancel the first item."""
        row = {
            "order_item": self.order.items[0].pk,
            "reason": self.reason,
            "cancellation_type": "cancel",
        }
        response: httpx.Response = client.post(REQUESTS, json=row, headers=headers)
        return response

    def is_cancelled(self, client: TestClient) -> bool:
        """Whether the client's list shows that."""
        response = client.get(ORDERS)
        assert response.status_code == 200, response.text
        [order] = response.json()["results"]
        return any(item["active_cancellation_request"] for item in order["orderitem_set"])

    def reads_standby(self, client: TestClient, path: str = ORDERS) -> bool:
        """Whether a request of the client is served by the standby."""
        [before] = self.database.standbys()
        assert client.get(path).status_code == 200
        [after] = self.database.standbys()
        return after.reads > before.reads

    def counts(self, app: ContractApp) -> list[float]:
        """The reads and the fallbacks of the standby in the metrics."""
        found = scrape(TestClient(app))
        names = ("waybill_replica_reads_total", "waybill_replica_fallbacks_total")
        [standby] = self.database.standbys()
        return [found[f'{name}{{replica="{standby.name}"}}'] for name in names]


@pytest.fixture
def shopping(store: Store) -> TestClient:
    """The shopper's browser, which has logged in."""
    client = store.clients.new()
    store.log_in(client)
    store.catch_up()
    wait_until(lambda: store.reads_standby(client))
    return client


@pytest.fixture
def store(
    standby_app: ContractApp, servers: Replicated, exchange_checks: list[Check]
) -> Iterator[Store]:
    servers.nodes[1].resume()
    store = Store(standby_app, servers, exchange_checks)
    yield store
    store.catch_up()


class TestBrowser:
    def test_reads_the_standby_after_the_login(self, store: Store, shopping: TestClient) -> None:
        assert store.reads_standby(shopping)
        assert store.reads_standby(shopping, "/current_user/")
        assert store.reads_standby(shopping, f"/users/orders/{store.order.pk}/")
        assert store.reads_standby(shopping, REQUESTS)

    def test_is_counted_by_standby(
        self, store: Store, shopping: TestClient, standby_app: ContractApp
    ) -> None:
        """As a read of the standby, or as one that it could not serve."""
        before = store.counts(standby_app)
        assert shopping.get(ORDERS).status_code == 200
        read = store.counts(standby_app)
        store.standby.pause()
        store.cancel(shopping).raise_for_status()
        assert store.is_cancelled(shopping)
        refused = store.counts(standby_app)
        # Twice as many for each standby, of which there is one.
        assert scrape(shopping)['waybill_pool_connections{pool="standbys"}'] == 20

        assert [now - earlier for now, earlier in zip(read, before, strict=True)] == [1, 0]
        assert [now - earlier for now, earlier in zip(refused, read, strict=True)] == [0, 1]

    def test_that_logs_in_is_known_at_once(self, store: Store, shopping: TestClient) -> None:
        store.standby.pause()
        store.log_in(shopping)

        assert not store.reads_standby(shopping)

    def test_sees_its_own_change(self, store: Store, shopping: TestClient) -> None:
        store.standby.pause()
        before = shopping.cookies["lastchange"]
        assert store.cancel(shopping).status_code == 200

        assert shopping.cookies["lastchange"] != before
        assert store.is_cancelled(shopping)
        assert not store.reads_standby(shopping)

        store.catch_up()
        assert store.is_cancelled(shopping)
        assert store.reads_standby(shopping)

    def test_sees_the_change_of_a_request_whose_response_was_lost(
        self, store: Store, shopping: TestClient
    ) -> None:
        store.standby.pause()
        before = shopping.cookies["lastchange"]
        store.cancel(shopping, **{"Idempotency-Key": "once"})
        _restore(shopping, before)

        again = store.cancel(shopping, **{"Idempotency-Key": "once"})

        assert again.headers["Idempotent-Replay"] == "true"
        assert store.is_cancelled(shopping)

    def test_sees_why_a_change_is_refused(self, store: Store, shopping: TestClient) -> None:
        store.standby.pause()
        before = shopping.cookies["lastchange"]
        store.cancel(shopping)
        _restore(shopping, before)

        assert store.cancel(shopping).status_code == 406
        assert store.is_cancelled(shopping)

    def test_that_stores_no_cookies_reads_the_primary(
        self, store: Store, shopping: TestClient
    ) -> None:
        session = shopping.cookies["sessionid"]
        client = store.clients.new(session)

        assert not store.reads_standby(client)
        assert not store.reads_standby(client)

    def test_whose_cookie_is_of_another_session_reads_the_primary(
        self, store: Store, shopping: TestClient
    ) -> None:
        client = store.clients.new(store.shop.session(store.shopper))
        store.catch_up()
        client.cookies.set("lastchange", shopping.cookies["lastchange"], domain="testserver.local")

        assert not store.reads_standby(client)

    def test_an_ended_session_changes_nothing(self, store: Store, shopping: TestClient) -> None:
        """A standby that is behind accepts it for reads; changes are the primary's."""
        cookies, token = dict(shopping.cookies), shopping.headers["x-csrftoken"]
        store.standby.pause()
        assert shopping.post("/users/logout/").status_code == 204
        copy = store.clients.new()
        for name, value in cookies.items():
            copy.cookies.set(name, value, domain="testserver.local")
        copy.headers["x-csrftoken"] = token

        assert copy.get(ORDERS).status_code == 200
        assert store.cancel(copy).status_code == 401

        store.catch_up()
        assert copy.get(ORDERS).status_code == 401


class TestPrograms:
    @pytest.fixture
    def is_shared(self, standby_app: ContractApp) -> bool:
        """Whether the positions of keys and tokens are stored for all servers."""
        from handlers.web.request_context import PARTS

        settings: Settings = standby_app.app.extensions[PARTS].settings
        return settings.limits_storage.startswith("redis")

    def test_a_key_reads_the_standby_if_positions_are_shared(
        self, store: Store, shopping: TestClient, is_shared: bool
    ) -> None:
        client = store.clients.new()
        client.headers["Authorization"] = f"Session {shopping.cookies['sessionid']}"

        assert store.reads_standby(client) is is_shared

        store.standby.pause()
        changed = store.cancel(client)
        assert changed.status_code == 200
        assert "set-cookie" not in changed.headers
        assert store.is_cancelled(client)
        assert not store.reads_standby(client)

    @pytest.mark.usefixtures("shopping")
    def test_a_token_reads_the_standby_if_positions_are_shared(
        self, store: Store, is_shared: bool
    ) -> None:
        client = store.clients.selling(store.shop.token(store.seller))
        store.catch_up()

        assert store.reads_standby(client, SELLERS_ORDERS) is is_shared

        store.standby.pause()
        item = store.order.items[0].uuid
        assert client.post(f"/api/i1/order-items/{item}/reject/").status_code == 204
        [order] = client.get(SELLERS_ORDERS).json()["results"]
        assert not store.reads_standby(client, SELLERS_ORDERS)
        store.catch_up()
        assert client.get(SELLERS_ORDERS).json()["results"] == [order]
        assert store.reads_standby(client, SELLERS_ORDERS) is is_shared

    @pytest.mark.usefixtures("shopping")
    def test_a_token_that_was_created_just_now_is_found(self, store: Store) -> None:
        store.standby.pause()

        client = store.clients.selling(store.shop.token(store.seller))

        assert client.get(SELLERS_ORDERS).status_code == 200


def test_all_changes_are_on_the_standbys_without_positions(
    servers: Replicated, exchange_checks: list[Check]
) -> None:
    primary, standby = servers.nodes
    primary.configure(synchronous_standby_names="FIRST 1 (n2)")
    settings = Settings(
        secret=SECRET,
        database_url=primary.url(),
        database_read_url=standby.url(),
        database_reads=DatabaseReads.APPLIED,
        database_read_lag=60,
    )
    app = create_app(settings)
    try:
        store = Store(app, servers, exchange_checks)
        client = store.clients.new()
        store.log_in(client)
        seller = store.clients.selling(store.shop.token(store.seller))
        wait_until(lambda: store.reads_standby(client))

        assert "lastchange" not in client.cookies
        assert store.cancel(client).status_code == 200
        assert store.is_cancelled(client)
        assert store.reads_standby(client)
        assert store.reads_standby(seller, SELLERS_ORDERS)
    finally:
        primary.configure(synchronous_standby_names="")
        database_of(app).close()


def test_a_server_with_nothing_but_a_standby_reads(
    servers: Replicated, exchange_checks: list[Check]
) -> None:
    primary, standby = servers.nodes
    writing = create_app(Settings(secret=SECRET, database_url=primary.url()))
    store = Store(writing, servers, exchange_checks)
    session, token = store.shop.session(store.shopper), store.shop.token(store.seller)
    store.catch_up()
    app = create_app(Settings(secret=SECRET, database_url=standby.url()))
    clients = Clients(app, exchange_checks)
    login = {"email": store.shopper.email, "password": PASSWORD}

    assert clients.new(session).get(ORDERS).status_code == 200
    assert clients.selling(token).get(SELLERS_ORDERS).status_code == 200
    assert clients.new().post("/users/login/", json=login).status_code == 503
    assert clients.new().get("/readyz").json()["error_code"] == "read_only"

    for opened in (app, writing):
        database_of(opened).close()


def _restore(client: TestClient, cookie: str) -> None:
    """Have the client send an earlier cookie, as if it had not got the last response."""
    client.cookies.delete("lastchange")
    client.cookies.set("lastchange", cookie, domain="testserver.local")
