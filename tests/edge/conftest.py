"""One server for all tests here, with a shop in which valid requests would succeed."""

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
from tests.edge.bad_requests import CLOSE, HOST, SELLER_ORDERS, seller_get
from tests.edge.exchange import RawResponse, exchange
from tests.support.application import Shop, usual_settings
from tests.support.builders import make_item, make_seller
from tests.support.server import Server

_ERROR_WORDS = ("unhandled_error", "contract_violation", "Traceback")
_HEALTH = b"GET /healthz HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n"


@dataclass
class Running:
    """A server, values of placeholders, and the server's database."""

    server: Server
    values: Mapping[bytes, bytes]
    engine: sa.Engine

    def send(self, sent: bytes, *, closes_sending: bool = False) -> RawResponse:
        return exchange(self.server.port, sent, closes_sending=closes_sending)

    def serves(self) -> bool:
        """Whether the next client gets a response."""
        return self.send(_HEALTH).status == 200

    def logged_errors(self) -> list[str]:
        """Words of unhandled errors in the log."""
        log = self.server.output.read_text()
        assert "/healthz" in log
        return [word for word in _ERROR_WORDS if word in log]

    def digest(self) -> str:
        """A digest of every row of every table."""
        digest = sha256()
        with self.engine.connect() as connection:
            for table in metadata.sorted_tables:
                rows = connection.execute(sa.select(table)).all()
                digest.update(repr((table.name, sorted(map(repr, rows)))).encode())
        return digest.hexdigest()


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
        running = Running(server, values, engine)
        # The first use of a token is recorded in the database.
        assert running.send(seller_get(SELLER_ORDERS, 200, "").rendered(values)).status == 200
        yield running
    finally:
        engine.dispose()
        server.end()


def _fill(shop: Shop) -> dict[bytes, bytes]:
    """Create an order whose item can be cancelled and rejected; return values of placeholders."""
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
