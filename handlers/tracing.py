"""OpenTelemetry traces: a span for each request, with a span for each of its statements.

Without an exporter in the environment nothing of OpenTelemetry is imported. The variables are those
of its specification (`OTEL_…`). Spans have names and numbers, never values: no path, no query, no
SQL text, no text of an error.
"""

import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from environs import EnvValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from handlers.http.exchange import Exchange, exchange_in
from handlers.web.access_log import kind_of

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_EXPORTER = "OTEL_TRACES_EXPORTER"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_MISSING = "needs packages: python3 -m pip install --requirement requirements/opentelemetry.txt"
_SERVER_ERROR = 500


class Execution(Protocol):
    """A statement that has run; times are in nanoseconds since 1970."""

    @property
    def name(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def began(self) -> int: ...
    @property
    def ended(self) -> int: ...
    @property
    def error(self) -> Exception | None: ...


def is_configured(environ: Mapping[str, str]) -> bool:
    """Whether the environment names an exporter of traces."""
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environ.get(_EXPORTER, "").strip().lower()
    return exporter != "none" if exporter else any(environ.get(name) for name in _ENDPOINTS)


def configured_tracing() -> "Tracing | None":
    """The traces that the environment configures; None for none.

    Raises EnvValidationError where a package for them is not installed.
    """
    if not is_configured(os.environ):
        return None
    try:
        from handlers import telemetry
    except ImportError as error:
        faults = {_EXPORTER: [_MISSING]}
        raise EnvValidationError(f"Environment variables invalid: {faults}", faults) from error
    telemetry.find_exporter(os.environ)
    return Tracing(lambda: telemetry.new_provider(os.environ))


class Tracing:
    """Makes spans once it is started, in the process that serves; ``make`` makes their provider.

    Requests that are not sampled cost little: whether one is, is decided before a span is made, and
    statements are observed only while a request is being recorded.
    """

    def __init__(self, make: "Callable[[], TracerProvider]") -> None:
        self._make = make
        self._provider: TracerProvider | None = None
        self._requests: Any = None
        self._tracer: Any = None
        self._observe: Callable[[], Callable[[], None]] = lambda: lambda: None
        self._end_observing: Callable[[], None] = lambda: None
        self._recorded = 0

    def start(self) -> None:
        """Begin. Exporters have threads, so this is done after the fork."""
        from handlers.telemetry import SampledRequests

        self._provider = self._make()
        self._requests = SampledRequests(self._provider)
        self._tracer = self._requests.tracer

    def observe_by(self, observe: Callable[[], Callable[[], None]]) -> None:
        """Have ``observe`` called when the first request is recorded; it begins to observe
        statements, and returns the function that ends it."""
        self._observe = observe

    def shutdown(self) -> None:
        """Export what was not exported yet."""
        if self._provider is not None:
            self._provider.shutdown()

    def middleware(self, next_app: ASGIApp) -> ASGIApp:
        """``next_app``, a guard, with a span around each request."""
        from opentelemetry import propagate

        forwarded = frozenset(name.encode() for name in propagate.get_global_textmap().fields)

        def traced(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            if self._requests is None or scope["type"] != "http":
                return next_app(scope, receive, send)
            parent: Any = None
            for name, _ in scope["headers"]:
                if name in forwarded:
                    parent = propagate.extract(_carrier(scope, forwarded))
                    break
            span = self._requests.start(scope["method"], parent)
            if span is None:
                return next_app(scope, receive, send)
            return self._record(span, parent, scope, next_app(scope, receive, send))

        return traced

    async def _record(
        self, span: Any, parent: Any, scope: Scope, response: Awaitable[None]
    ) -> None:
        """Run ``response``, which is recorded as ``span``."""
        from opentelemetry import context, trace
        from opentelemetry.trace import StatusCode

        token = context.attach(trace.set_span_in_context(span, parent or context.Context()))
        self._begin_recording()
        try:
            await response
        finally:
            self._end_recording()
            context.detach(token)
            exchange = exchange_in(scope)
            if exchange is not None:
                _describe(span, scope, exchange)
                if exchange.status >= _SERVER_ERROR or not exchange.status:
                    span.set_status(StatusCode.ERROR)
            span.end()

    def _begin_recording(self) -> None:
        if not self._recorded:
            self._end_observing = self._observe()
        self._recorded += 1

    def _end_recording(self) -> None:
        self._recorded -= 1
        if not self._recorded:
            self._end_observing()

    def observer(self, database: str) -> Callable[[Execution], None]:
        """What adds a span for each statement that runs for a request.

        ``database``: its kind, by the names of the semantic conventions.
        """
        from opentelemetry import trace
        from opentelemetry.trace import SpanKind, StatusCode

        def observe(execution: Execution) -> None:
            if self._tracer is None or not trace.get_current_span().is_recording():
                return
            span = self._tracer.start_span(
                execution.name or "statement",
                kind=SpanKind.CLIENT,
                start_time=execution.began,
                attributes={
                    "db.system.name": database,
                    "db.query.summary": execution.name,
                    "db.response.returned_rows": execution.rows,
                },
            )
            if execution.error is not None:
                span.set_attribute("error.type", type(execution.error).__name__)
                span.set_status(StatusCode.ERROR)
            span.end(execution.ended)

        return observe


def _carrier(scope: Scope, forwarded: Collection[bytes]) -> dict[str, str]:
    """The headers that continue a trace."""
    return {
        name.decode(): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in forwarded
    }


def _describe(span: Any, scope: Scope, exchange: Exchange) -> None:
    """Name the span after the operation, or after the method if there is none."""
    if exchange.operation_id:
        span.update_name(exchange.operation_id)
    span.set_attributes(
        {
            "http.request.method": scope["method"],
            "http.response.status_code": exchange.status,
            "http.response.body.size": exchange.size,
            "waybill.operation_id": exchange.operation_id,
            "waybill.caller": kind_of(exchange.caller),
            "waybill.request_id": exchange.request_id,
        }
    )
