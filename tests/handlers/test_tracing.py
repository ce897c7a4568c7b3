"""Traces: what spans are called and have, and what they never have."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from environs import EnvValidationError
from starlette.testclient import TestClient

import handlers
from domain.accounts.users import User
from handlers.app import create_app, database_of, tracing_of
from handlers.contract.asgi.routing import ContractApp
from handlers.settings import Settings
from handlers.tracing import configured_tracing, is_configured
from persistence.sql import compiled_query
from tests.conftest import KIND
from tests.support.application import Clients, Shop

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("environ", "configured"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "shop"}, False),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a:4318"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "True"}, False),
    ],
)
def test_are_configured_by_an_exporter(environ: dict[str, str], configured: bool) -> None:
    assert is_configured(environ) is configured


@pytest.fixture
def exporting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")


@pytest.mark.usefixtures("exporting")
def test_say_which_packages_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delitem(sys.modules, "handlers.telemetry", raising=False)
    monkeypatch.delattr(handlers, "telemetry", raising=False)

    with pytest.raises(EnvValidationError, match=r"requirements/opentelemetry\.txt"):
        configured_tracing()


def test_import_nothing_without_an_exporter() -> None:
    code = (
        "import sys; from handlers.app import create_app; from handlers.settings import Settings;"
        " create_app(Settings(secret='s' * 32));"
        " sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        env=environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )

    assert done.returncode == 0


class TestTraces:
    @pytest.fixture
    def exporter(self) -> Any:
        pytest.importorskip("opentelemetry.sdk", reason="OpenTelemetry is not installed")
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        return InMemorySpanExporter()

    @pytest.fixture
    def app(
        self, settings: Settings, exporter: Any, exporting: None, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[ContractApp]:
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor

        from handlers import telemetry

        def provider(_environ: object) -> TracerProvider:
            made = TracerProvider()
            made.add_span_processor(SimpleSpanProcessor(exporter))
            return made

        monkeypatch.setattr(telemetry, "new_provider", provider)
        app = create_app(settings)
        tracing = tracing_of(app)
        assert tracing is not None
        tracing.start()
        yield app
        tracing.shutdown()
        database_of(app).close()

    def spans(self, exporter: Any) -> tuple[Any, list[Any]]:
        """The span of the last request, and those of its statements."""
        *statements, request = exporter.get_finished_spans()
        return request, statements

    def test_have_a_span_for_the_request_and_one_for_each_statement(
        self, clients: Clients, shop: Shop, shopper: User, exporter: Any
    ) -> None:
        shop.order(shopper, number="secret-number")
        client = clients.new(shop.session(shopper))
        exporter.clear()

        answer = client.get("/users/orders/?search=secret-number")

        request, statements = self.spans(exporter)
        assert (request.name, request.kind.name) == ("listUserOrders", "SERVER")
        assert dict(request.attributes) == {
            "http.request.method": "GET",
            "http.response.status_code": 200,
            "http.response.body.size": len(answer.content),
            "waybill.operation_id": "listUserOrders",
            "waybill.caller": "shopper",
            "waybill.request_id": answer.headers["x-request-id"],
        }
        names = [span.name for span in statements]
        assert names[0].startswith("sessions.")
        assert " with orders.queries.page(" in names[0]
        for span in statements:
            assert span.parent.span_id == request.context.span_id
            assert request.start_time <= span.start_time <= span.end_time <= request.end_time
            assert span.attributes["db.query.summary"] == span.name
            assert span.attributes["db.system.name"] == KIND.replace("postgres", "postgresql")
        assert "secret-number" not in str([span.to_json() for span in (request, *statements)])
        assert "SELECT" not in str([span.to_json() for span in (request, *statements)])

    def test_continue_the_trace_of_the_client(self, client: TestClient, exporter: Any) -> None:
        client.get("/healthz", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})

        request, _ = self.spans(exporter)
        assert f"{request.context.trace_id:032x}" == TRACE
        assert f"{request.parent.span_id:016x}" == PARENT

    @pytest.mark.parametrize("given", ["", "no-trace", f"00-{TRACE}"])
    def test_begin_a_trace_for_others(self, client: TestClient, exporter: Any, given: str) -> None:
        client.get("/healthz", headers={"traceparent": given})

        request, _ = self.spans(exporter)
        assert request.parent is None

    def test_leave_out_what_the_client_does_not_sample(
        self, client: TestClient, exporter: Any
    ) -> None:
        client.get("/readyz", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})

        assert exporter.get_finished_spans() == ()

    def test_of_requests_without_an_operation_have_the_method_as_name(
        self, client: TestClient, exporter: Any
    ) -> None:
        client.get("/no/such/path/")

        request, statements = self.spans(exporter)
        assert (request.name, statements) == ("GET", [])
        assert request.attributes["http.response.status_code"] == 404
        assert request.status.status_code.name == "UNSET"

    def test_show_failures(
        self, client: TestClient, app: ContractApp, exporter: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> None:
            raise ZeroDivisionError("secret text")

        monkeypatch.setattr(database_of(app), "require_ready", fail)

        client.get("/readyz")

        request, _ = self.spans(exporter)
        assert request.status.status_code.name == "ERROR"
        assert "secret text" not in request.to_json()

    def test_observe_statements_only_while_a_request_is_recorded(
        self, client: TestClient, exporter: Any
    ) -> None:
        client.get("/readyz", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
        client.get("/readyz")

        assert exporter.get_finished_spans()[-1].name == "checkReadiness"
        assert compiled_query._observers == []  # noqa: SLF001 - no one else sees them
