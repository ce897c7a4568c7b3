"""`/metrics`: what requests leave behind in it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from domain.shared.errors import Unavailable
from domain.shared.readiness import ReadOnly
from handlers.app import create_app, database_of, metrics_of
from handlers.contract.asgi.routing import ContractApp
from handlers.metrics import shop_figures
from handlers.metrics.declarations import CAUSES
from handlers.settings import Settings
from handlers.web.request_context import PARTS
from persistence import migrations
from tests.support.application import Clients, Shop

SAMPLE = re.compile(r"([a-z_:]+)(?:\{(.*)\})? (\S+)")


@pytest.fixture(autouse=True)
def fresh_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop_figures, "CACHE_SECONDS", 0.0)


@pytest.fixture
def app(settings: Settings) -> Iterator[ContractApp]:
    """An application of the test's own: nothing has happened yet."""
    app = create_app(settings)
    yield app
    database_of(app).close()


def parse(text: str) -> dict[str, float]:
    """The samples of a scrape, by name and labels."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    groups = (match.groups() for match in map(SAMPLE.fullmatch, lines) if match)
    found = {f"{name}{{{labels or ''}}}": float(value) for name, labels, value in groups}
    assert len(found) == len(lines)
    return found


def scrape(client: TestClient) -> dict[str, float]:
    """The samples, by name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return parse(answer.text)


def requests(operation_id: str, status: int) -> str:
    return f'waybill_requests_total{{operation_id="{operation_id}",status="{status}"}}'


class TestRequests:
    def test_are_counted_with_their_durations(
        self, clients: Clients, shop: Shop, shopper: User
    ) -> None:
        shop.order(shopper)
        shopping = clients.new(shop.session(shopper))

        for _ in range(2):
            assert shopping.get("/users/orders/").status_code == 200
        shopping.get("/no/such/path/")
        clients.new().get("/users/orders/")

        found = scrape(shopping)
        assert found[requests("listUserOrders", 200)] == 2
        assert found[requests("listUserOrders", 401)] == 1
        assert found[requests("none", 404)] == 1
        name = 'waybill_request_duration_seconds_count{operation_id="listUserOrders"}'
        assert found[name] == 3
        assert found['waybill_documents_total{source="rendered"}'] == 1
        assert found['waybill_documents_total{source="memory"}'] == 1
        assert found['waybill_documents_total{source="database"}'] == 0

    def test_of_methods_that_no_operation_has_are_of_none(self, client: TestClient) -> None:
        client.delete("/healthz")

        assert scrape(client)[requests("none", 405)] == 1


class TestUnavailable:
    @pytest.mark.parametrize(
        ("refusal", "cause"), [(Unavailable(), "database"), (ReadOnly(), "not_ready")]
    )
    def test_has_a_cause(
        self,
        client: TestClient,
        app: ContractApp,
        monkeypatch: pytest.MonkeyPatch,
        refusal: Unavailable,
        cause: str,
    ) -> None:
        def refuse() -> None:
            raise refusal

        monkeypatch.setattr(database_of(app), "require_ready", refuse)

        assert client.get("/readyz").status_code == 503

        found = scrape(client)
        assert found[f'waybill_unavailable_total{{cause="{cause}"}}'] == 1
        assert found[requests("checkReadiness", 503)] == 1

    def test_causes_are_all_declared(self, client: TestClient) -> None:
        def causes(kind: type[Unavailable]) -> set[str]:
            return {kind.cause}.union(*map(causes, kind.__subclasses__()))

        assert causes(Unavailable) == {*CAUSES}
        assert all(
            scrape(client)[f'waybill_unavailable_total{{cause="{cause}"}}'] == 0 for cause in CAUSES
        )


class TestAttempts:
    def test_that_fail_and_that_are_limited_are_counted(self, client: TestClient) -> None:
        login = {"email": "ayse@example.com", "password": "wrong password"}
        statuses = [client.post("/users/login/", json=login).status_code for _ in range(12)]
        lookup = {"email": "ayse@example.com", "order": "1"}
        client.post("/users/orders/anonymous/", json=lookup)

        assert statuses == [400] * 10 + [429] * 2
        found = scrape(client)
        assert found["waybill_login_failures_total{}"] == 10
        assert found["waybill_lookup_failures_total{}"] == 1
        assert found['waybill_rate_limited_total{limit="login"}'] == 2
        assert found['waybill_rate_limited_total{limit="look-up"}'] == 0

    def test_resets_are_limited_as_well(self, client: TestClient) -> None:
        for _ in range(6):
            client.post("/users/password/reset/", json={"email": "ayse@example.com"})

        assert scrape(client)['waybill_rate_limited_total{limit="password-reset"}'] == 1


class TestGauges:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, threads=5, database_pool_size=4)

    def test_have_the_sizes_of_the_settings(self, client: TestClient) -> None:
        found = scrape(client)

        assert found["waybill_threads{}"] == 4
        assert found["waybill_threads_busy{}"] == 0
        assert found["waybill_requests_queued{}"] == 0
        assert found['waybill_pool_connections{pool="write"}'] == 4
        assert found['waybill_pool_connections_in_use{pool="documents"}'] == 0
        assert found["waybill_processes{}"] == 1

    def test_see_a_connection_in_use(self, client: TestClient, app: ContractApp) -> None:
        with database_of(app).writing() as uow:
            uow.outbox.get(1)
            found = scrape(client)

        assert found['waybill_pool_connections_in_use{pool="write"}'] >= 1


class TestFigures:
    def test_come_from_the_database(self, client: TestClient, app: ContractApp) -> None:
        database_of(app).record_heartbeat(uuid4())

        found = scrape(client)

        assert found["waybill_database_up{}"] == 1
        assert found["waybill_schema_revision{}"] == int(migrations.head())
        assert found["waybill_outbox_pending{}"] == 0
        assert found['waybill_cancellation_requests_open{age="48-168h"}'] == 0
        assert found["waybill_mail_worker_last_seen_timestamp_seconds{}"] > 1_700_000_000

    def test_are_left_out_while_the_database_is_away(
        self, client: TestClient, app: ContractApp
    ) -> None:
        def away() -> None:
            raise Unavailable

        metrics_of(app).read_figures_by(away)  # type: ignore[arg-type]  # it never returns

        found = scrape(client)

        assert found["waybill_database_up{}"] == 0
        assert "waybill_outbox_pending{}" not in found


def test_metrics_of_earlier_releases_have_their_names(client: TestClient, app: ContractApp) -> None:
    parts = app.app.extensions[PARTS]
    parts.metrics.violations.inc("getThing")
    names = {name.partition("{")[0] for name in scrape(client)}

    assert names >= {
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_virtual_memory_bytes",
        "python_gc_collections_total",
        "python_gc_objects_collected_total",
        "python_gc_objects_uncollectable_total",
        "python_info",
        "waybill_contract_violations_total",
        "waybill_untrusted_forwarded_requests_total",
    }
