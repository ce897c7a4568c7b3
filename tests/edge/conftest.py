"""One server for all tests here, over a shop in which the right requests would succeed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

import pytest
import sqlalchemy as sa

from handlers.auth.session_cookies import new_csrf_token
from handlers.database import open_database
from persistence.engine.engines import Pool, connect
from persistence.sql.columns import metadata
from tests.conftest import MakeUrl
from tests.edge.bad import CLOSE, HOST, SELLER_ORDERS, seller_get
from tests.edge.exchange import RawResponse, exchange
from tests.support.application import Shop, usual_settings
from tests.support.builders import make_item, make_seller
from tests.support.server import Server

_COMPLAINTS = ("unhandled_error", "contract_violation", "Traceback")
_HEALTH = b"GET /healthz HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"


@dataclass
class Running:
    """A server, what there is for a request to name, and the database below it."""

    server: Server
    values: Mapping[bytes, bytes]
    engine: sa.Engine

    def ask(self, sent: bytes, *, ends: bool = False) -> RawResponse:
        return exchange(self.server.port, sent, ends=ends)

    def serves(self) -> bool:
        """Whether the next client is answered."""
        return self.ask(_HEALTH).status == 200

    def complaints(self) -> list[str]:
        """What stands in the log that should not."""
        said = self.server.output.read_text()
        assert "/healthz" in said
        return [each for each in _COMPLAINTS if each in said]

    def digest(self) -> str:
        """Of every row of every table."""
        told = sha256()
        with self.engine.connect() as connection:
            for table in metadata.sorted_tables:
                rows = connection.execute(sa.select(table)).all()
                told.update(repr((table.name, sorted(map(repr, rows)))).encode())
        return told.hexdigest()


@pytest.fixture(scope="module")
def running(make_url: MakeUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    url = make_url()
    settings = usual_settings(url)
    database = open_database(settings)
    database.migrate()
    values = _fill(Shop(database))
    database.close()
    folder = tmp_path_factory.mktemp("edge")
    env = {"WAYBILL_SECRET": settings.secret, "WAYBILL_LIMITS": "false"}
    server = Server(folder, url, **env)
    engine = connect(url, Pool(1)).snapshot
    try:
        server.wait_until_ready()
        found = Running(server, values, engine)
        # The first use of a token in a while is written down.
        assert found.ask(seller_get(SELLER_ORDERS, 200, "").rendered(values)).status == 200
        yield found
    finally:
        engine.dispose()
        server.end()


def _fill(shop: Shop) -> dict[bytes, bytes]:
    """An order of a shopper, of which a seller's item can be cancelled and rejected."""
    seller, shopper = make_seller(), shop.user()
    order = shop.order(shopper, items=[make_item(seller=seller, quantity=3, price=9999)])
    session, token = shop.session(shopper), shop.token(seller)
    csrf = new_csrf_token(session, usual_settings(""))
    cookies = f"Cookie: sessionid={session}; csrftoken={csrf}\r\nx-csrftoken: {csrf}\r\n"
    values = {
        "shopper": cookies,
        "seller": f"Authorization: Bearer {token}\r\n",
        "session": session,
        "csrf": csrf,
        "token": token,
        "order": order.pk,
        "item": order.items[0].pk,
        "uuid": order.items[0].uuid,
        "reason": shop.reason().pk,
    }
    return {name.encode(): str(value).encode() for name, value in values.items()}
