"""The part of tracing that imports OpenTelemetry's SDK; only `handlers.tracing` imports it."""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import cast

from environs import EnvValidationError
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

_EXPORTER = "OTEL_TRACES_EXPORTER"
_DEFAULT = "otlp"
# The name of the specification, and that of the package.
_REGISTERED = {_DEFAULT: "otlp_proto_http"}


def find_exporter(environ: Mapping[str, str]) -> Callable[[], SpanExporter]:
    """The exporter that the environment names, by default OTLP over HTTP.

    Raises EnvValidationError for a name that no installed package registers.
    """
    name = environ.get(_EXPORTER, "").strip().lower() or _DEFAULT
    registered = entry_points(
        group="opentelemetry_traces_exporter", name=_REGISTERED.get(name, name)
    )
    if not registered:
        faults = {_EXPORTER: [f"No installed package has the exporter {name}."]}
        raise EnvValidationError(f"Environment variables invalid: {faults}", faults)
    return cast(Callable[[], SpanExporter], next(iter(registered)).load())


def new_provider(environ: Mapping[str, str]) -> TracerProvider:
    """The provider that exports spans in batches, with the sampler of the environment."""
    # What is passed to the SDK overrides the environment.
    is_named = "OTEL_SERVICE_NAME" in environ
    is_named |= "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create({} if is_named else {"service.name": "waybill"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(find_exporter(environ)()))
    return provider
