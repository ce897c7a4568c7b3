"""`/metrics`: waits, and responses with 503 by what caused them."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from threading import Event
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from handlers.app import create_app, database_of
from handlers.contract.asgi import wsgi_bridge
from handlers.contract.asgi.routing import ContractApp
from handlers.edge import guard
from handlers.metrics.declarations import CAUSES
from handlers.settings import Settings
from handlers.web.probes import PROBES
from persistence.database import Database
from persistence.engine import engines, sqlite
from persistence.engine.failures import LostRace
from tests.conftest import KIND
from tests.handlers.test_metrics import parse, scrape
from tests.support.application import Clients, Shop
from tests.support.server import free_port

RESET = {"email": "ayse@example.com"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """One thread, and one connection in each pool."""
    return replace(settings, threads=1, database_pool_size=1)


@pytest.fixture
def app(settings: Settings) -> Iterator[ContractApp]:
    """An application of the test's own: nothing has happened yet."""
    app = create_app(settings)
    yield app
    database_of(app).close()


def unavailable(found: dict[str, float]) -> dict[str, float]:
    """The responses with 503, by the causes that any had."""
    counts = {cause: found[f'waybill_unavailable_total{{cause="{cause}"}}'] for cause in CAUSES}
    return {cause: count for cause, count in counts.items() if count}


class TestThreads:
    @pytest.fixture
    def blocked(self, app: ContractApp) -> Iterator[tuple[Event, Event]]:
        """Two events: the thread has a request; it may go on."""
        is_busy, may_go_on = Event(), Event()
        served = app.bridge.app

        def block(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if environ["PATH_INFO"] not in PROBES:
                is_busy.set()
                may_go_on.wait()
            return served(environ, start_response)

        app.bridge.app = block
        yield is_busy, may_go_on
        may_go_on.set()

    @pytest.mark.parametrize("is_served", [True, False])
    def test_that_are_busy_show_who_waits_and_for_how_long(
        self,
        app: ContractApp,
        blocked: tuple[Event, Event],
        is_served: bool,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        is_busy, may_go_on = blocked
        monkeypatch.setattr(wsgi_bridge, "STALL_TIMEOUT", 60.0)

        async def scenario() -> tuple[dict[str, float], list[int], dict[str, float]]:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:

                async def scraped() -> dict[str, float]:
                    return parse((await client.get("/metrics")).text)

                first = asyncio.create_task(client.get("/users/orders/"))
                await asyncio.to_thread(is_busy.wait)
                second = asyncio.create_task(client.get("/users/orders/"))
                while not app.bridge.queued:
                    await asyncio.sleep(0)
                during = await scraped()
                if not is_served:
                    monkeypatch.setattr(wsgi_bridge, "STALL_TIMEOUT", 0.0)
                    await second
                may_go_on.set()
                statuses = [(await task).status_code for task in (first, second)]
                return during, statuses, await scraped()

        during, statuses, after = asyncio.run(scenario())

        assert (during["waybill_threads_busy{}"], during["waybill_requests_queued{}"]) == (1, 1)
        assert (after["waybill_threads_busy{}"], after["waybill_requests_queued{}"]) == (0, 0)
        assert statuses == [401, 401 if is_served else 503]
        assert unavailable(after) == ({} if is_served else {"threads": 1})
        assert after["waybill_thread_wait_seconds_count{}"] == 1
        assert after["waybill_thread_wait_seconds_sum{}"] > 0


class TestPool:
    @pytest.fixture(autouse=True)
    def short_timeout(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(engines, "POOL_TIMEOUT", 0.05)

    def test_without_a_free_connection_is_a_cause(
        self, clients: Clients, app: ContractApp, shop: Shop, shopper: User
    ) -> None:
        client = clients.new(shop.session(shopper))

        with database_of(app).reading() as uow:
            uow.outbox.get(1)
            answer = client.get("/users/orders/")

        pool = "read" if KIND == "postgres" else "write"
        found = scrape(client)
        assert answer.status_code == 503
        assert unavailable(found) == {"pool": 1}
        assert found[f'waybill_pool_wait_seconds_count{{pool="{pool}"}}'] == 1
        assert found[f'waybill_pool_wait_seconds_sum{{pool="{pool}"}}'] >= 0.05


@pytest.mark.skipif(KIND == "postgres", reason="PostgreSQL has no lock for all writes")
class TestWriteLock:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, database_pool_size=2)

    def test_that_is_not_free_in_time_is_a_cause(
        self, client: TestClient, app: ContractApp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 50)
        with database_of(app).writing() as uow:
            uow.outbox.get(1)
            answer = client.post("/users/password/reset/", json=RESET)

        assert answer.status_code == 503
        assert unavailable(scrape(client)) == {"write_lock": 1}


def test_a_transaction_that_lost_to_others_is_a_cause(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_arguments: object, **_options: object) -> None:
        raise LostRace

    monkeypatch.setattr(Database, "write", lose)

    assert client.post("/users/password/reset/", json=RESET).status_code == 503
    assert unavailable(scrape(client)) == {"conflict": 1}


class TestLimitsStorage:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, limits_storage=f"redis://127.0.0.1:{free_port()}")

    def test_that_does_not_answer_is_a_cause(self, client: TestClient) -> None:
        login = {"email": "ayse@example.com", "password": "wrong password"}

        assert client.post("/users/login/", json=login).status_code == 503

        found = scrape(client)
        assert unavailable(found) == {"limits_storage": 1}
        assert found["waybill_login_failures_total{}"] == 0


@pytest.mark.parametrize(
    ("limit", "cause"), [("MAX_REQUESTS", "requests"), ("MAX_CONTENTS", "bodies")]
)
def test_what_the_edge_refuses_has_a_cause(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, limit: str, cause: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(guard, limit, 0)
        assert client.post("/users/password/reset/", json=RESET).status_code == 503

    found = scrape(client)
    assert unavailable(found) == {cause: 1}
    assert found['waybill_requests_total{operation_id="none",status="503"}'] == 1


def test_a_document_is_counted_by_its_source(
    settings: Settings, clients: Clients, shop: Shop, shopper: User
) -> None:
    """What another process has rendered comes from the database, and then from memory."""
    shop.order(shopper)
    session = shop.session(shopper)
    assert clients.new(session).get("/users/orders/").status_code == 200
    other = create_app(settings)
    try:
        client = Clients(other, []).new(session)
        for _ in range(2):
            client.get("/users/orders/")
        found = scrape(client)
    finally:
        database_of(other).close()

    sources = {
        source: found[f'waybill_documents_total{{source="{source}"}}']
        for source in ("memory", "database", "rendered")
    }
    assert sources == {"memory": 1, "database": 1, "rendered": 0}
