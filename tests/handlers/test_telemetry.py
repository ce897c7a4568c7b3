"""What the environment says of exporters and of the name of the service."""

import pytest
from environs import EnvValidationError

telemetry = pytest.importorskip(
    "handlers.telemetry", reason="OpenTelemetry is not installed", exc_type=ImportError
)


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
