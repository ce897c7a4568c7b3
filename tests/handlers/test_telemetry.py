"""What the environment says of exporters and of the name of the service."""

from typing import Any

import pytest
from environs import EnvValidationError

telemetry = pytest.importorskip(
    "handlers.telemetry", reason="OpenTelemetry is not installed", exc_type=ImportError
)

from opentelemetry.context import Context  # noqa: E402 - where it is installed
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402 - as above
from opentelemetry.sdk.trace.sampling import (  # noqa: E402 - as above
    ALWAYS_OFF,
    ALWAYS_ON,
    Decision,
    ParentBased,
    TraceIdRatioBased,
)


class Half(TraceIdRatioBased):
    """Decides for every request, unlike its base class; ``decisions`` counts them."""

    def __init__(self) -> None:
        super().__init__(0.5)
        self.decisions = 0

    def should_sample(self, *arguments: Any, **options: Any) -> Any:
        self.decisions += 1
        return super().should_sample(*arguments, **options)


class TestSampling:
    @pytest.mark.parametrize("parent", [None, Context()])
    @pytest.mark.parametrize(
        "sampler", [TraceIdRatioBased(0.5), ParentBased(TraceIdRatioBased(0.5)), Half()]
    )
    def test_is_that_of_the_sampler(self, sampler: Any, parent: Context | None) -> None:
        requests = telemetry.SampledRequests(TracerProvider(sampler))
        spans = [requests.start("GET", parent) for _ in range(400)]

        chosen = [span.get_span_context() for span in spans if span is not None]
        assert 100 < len(chosen) < 300
        for made in chosen:
            decision = sampler.should_sample(None, made.trace_id, "GET").decision
            assert decision is Decision.RECORD_AND_SAMPLE
            assert made.trace_flags.sampled
        assert len({made.trace_id for made in chosen}) == len(chosen)

    @pytest.mark.parametrize(
        ("sampler", "count"), [(ALWAYS_ON, 20), (ALWAYS_OFF, 0), (ParentBased(ALWAYS_ON), 20)]
    )
    def test_may_have_no_ratio(self, sampler: Any, count: int) -> None:
        requests = telemetry.SampledRequests(TracerProvider(sampler))

        assert sum(requests.start("GET", None) is not None for _ in range(20)) == count

    @pytest.mark.parametrize("wrap", [lambda sampler: sampler, ParentBased])
    def test_by_a_ratio_needs_no_sampler(self, wrap: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        requests = telemetry.SampledRequests(TracerProvider(wrap(TraceIdRatioBased(0.0))))
        monkeypatch.setattr(TraceIdRatioBased, "should_sample", None)

        assert [requests.start("GET", None) for _ in range(20)] == [None] * 20

    def test_asks_a_sampler_of_another_class(self) -> None:
        sampler = Half()
        requests = telemetry.SampledRequests(TracerProvider(sampler))
        for _ in range(20):
            requests.start("GET", None)

        assert sampler.decisions == 20


def test_the_exporter_is_otlp_over_http_by_default() -> None:
    assert telemetry.find_exporter({}).__name__ == "OTLPSpanExporter"
    assert telemetry.find_exporter({"OTEL_TRACES_EXPORTER": " OTLP "}).__module__.startswith(
        "opentelemetry.exporter.otlp.proto.http"
    )


def test_an_exporter_that_no_package_has_is_an_error() -> None:
    with pytest.raises(EnvValidationError, match="No installed package has the exporter zipkin"):
        telemetry.find_exporter({"OTEL_TRACES_EXPORTER": "zipkin"})


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "waybill"),
        ({"OTEL_SERVICE_NAME": "shop"}, "shop"),
        (
            {"OTEL_RESOURCE_ATTRIBUTES": "service.name=shop,deployment.environment.name=test"},
            "shop",
        ),
        ({"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test"}, "waybill"),
    ],
)
def test_the_service_is_named_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], name: str
) -> None:
    for variable in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)

    provider = telemetry.new_provider(environ)

    assert provider.resource.attributes["service.name"] == name
    provider.shutdown()
