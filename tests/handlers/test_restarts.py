"""PostgreSQL restarts between two requests, as in a failover: all connections are closed."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from handlers.app import create_app, database_of
from handlers.settings import Settings
from tests.conftest import KIND
from tests.support.application import Check, Clients, Shop
from tests.support.builders import make_item, make_seller
from tests.support.replication import Node, migrated_servers

pytestmark = [
    pytest.mark.skipif(KIND == "sqlite", reason="SQLite has no server"),
    pytest.mark.usefixtures("make_url"),  # or the run on PostgreSQL would leave it out
]

SECRET = "a secret of thirty-two characters"
ORDERS = "/users/orders/?limit=1"
SELLERS_ORDERS = "/api/i1/orders/"
REQUESTS = "/users/orders/cancellation_requests/"


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with migrated_servers(0) as servers:
        yield servers.nodes[0]


class Store:
    """A server with one order, and clients that have used it."""

    def __init__(self, node: Node, clients: Clients, shop: Shop) -> None:
        self._node = node
        seller, shopper = make_seller(), shop.user()
        self.order = shop.order(shopper, items=[make_item(line=1, seller=seller)])
        self.reason = shop.reason().pk
        session = shop.session(shopper)
        self.clients: dict[str, tuple[TestClient, str]] = {
            "cookie": (clients.posting(session), ORDERS),
            "key": (clients.new(), ORDERS),
            "token": (clients.selling(shop.token(seller)), SELLERS_ORDERS),
        }
        self.clients["key"][0].headers["Authorization"] = f"Session {session}"
        for client, path in self.clients.values():
            assert client.get(path).status_code == 200
        assert self.cancel() == 200

    def cancel(self) -> int:
        """Cancel the item, with a key for repetitions; return the status."""
        row = {
            "order_item": self.order.items[0].pk,
            "reason": self.reason,
            "cancellation_type": "cancel",
        }
        client, _ = self.clients["cookie"]
        response = client.post(REQUESTS, json=row, headers={"Idempotency-Key": "once"})
        return int(response.status_code)

    def restart(self) -> None:
        """Restart PostgreSQL."""
        self._node.stop("immediate")
        self._node.start()


@pytest.fixture
def store(node: Node, exchange_checks: list[Check]) -> Iterator[Store]:
    app = create_app(Settings(secret=SECRET, database_url=node.url()))
    yield Store(node, Clients(app, exchange_checks), Shop(database_of(app)))
    database_of(app).close()


@pytest.mark.parametrize("by", ["cookie", "key", "token"])
def test_the_next_read_succeeds(store: Store, by: str) -> None:
    client, path = store.clients[by]
    before = client.get(path)
    store.restart()

    after = client.get(path)

    assert (after.status_code, after.json()) == (200, before.json())


def test_the_next_probe_succeeds(store: Store) -> None:
    client, _ = store.clients["cookie"]
    assert client.get("/readyz").status_code == 200
    store.restart()

    assert client.get("/readyz").status_code == 200


def test_the_next_change_succeeds_after_the_look_up_of_its_caller(store: Store) -> None:
    """The look-up was repeated, and replaced the connections of all pools."""
    store.restart()

    assert store.cancel() == 200
