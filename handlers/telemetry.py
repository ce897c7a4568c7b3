"""The part of tracing that imports OpenTelemetry's SDK; only `handlers.tracing` imports it."""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from random import getrandbits
from typing import Any, cast

from environs import EnvValidationError
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, get_current_span

_EXPORTER = "OTEL_TRACES_EXPORTER"
_DEFAULT = "otlp"
# The name of the specification, and that of the package.
_REGISTERED = {_DEFAULT: "otlp_proto_http"}
_LAST_BITS = TraceIdRatioBased.TRACE_ID_LIMIT
_NO_PARENT = Context()


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


class _GivenTraceId:
    """The SDK's generator of ids, except that the trace id of the next span can be set."""

    def __init__(self) -> None:
        self._random: Any = RandomIdGenerator()
        self.next_trace_id = 0

    def generate_trace_id(self) -> int:
        trace_id: int = self.next_trace_id or self._random.generate_trace_id()
        return trace_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._random, name)


class SampledRequests:
    """Spans of requests, made for those that the sampler of ``provider`` chooses.

    The SDK makes an object for each request, chosen or not. Used in one thread.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._sampler = provider.sampler
        self._bound = _bound_of(provider.sampler)
        self._ids: Any = _GivenTraceId()
        # The choice is made before; spans below a request are recorded with it.
        provider.sampler = ParentBased(ALWAYS_ON, remote_parent_not_sampled=ALWAYS_ON)
        provider.id_generator = cast(Any, self._ids)
        self.tracer = provider.get_tracer("waybill")

    def start(self, name: str, parent: Context | None) -> Span | None:
        """The span of a request, in a new trace without a ``parent``.

        None if the sampler does not choose it.
        """
        trace_id = getrandbits(128)
        if parent is None:
            # Calling the sampler costs ten times as much.
            if trace_id & _LAST_BITS >= self._bound:
                return None
            parent = _NO_PARENT
        else:
            remote = get_current_span(parent).get_span_context()
            trace_id = remote.trace_id if remote.is_valid else trace_id
        choice: Any = self._sampler.should_sample(parent, trace_id, name, SpanKind.SERVER)
        if not choice.decision.is_sampled():
            return None
        self._ids.next_trace_id = trace_id
        try:
            return self.tracer.start_span(
                name, parent, SpanKind.SERVER, attributes=choice.attributes
            )
        finally:
            self._ids.next_trace_id = 0


def _bound_of(sampler: Any) -> int:
    """The lowest value of a new trace id's last bits that ``sampler`` does not choose.

    Above all values if the sampler does not decide by these bits alone.
    """
    root = getattr(sampler, "_root", None) if isinstance(sampler, ParentBased) else sampler
    # Not one of a derived class.
    return root.bound if type(root) is TraceIdRatioBased else _LAST_BITS + 1


def new_provider(environ: Mapping[str, str]) -> TracerProvider:
    """The provider that exports spans in batches, with the sampler of the environment."""
    # What is passed to the SDK overrides the environment.
    is_named = "OTEL_SERVICE_NAME" in environ
    is_named |= "service.name=" in environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create({} if is_named else {"service.name": "waybill"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(find_exporter(environ)()))
    return provider
