"""What the server counts and measures: an attribute for each metric, in the order of the output."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast

from handlers.metrics.cells import Cells
from handlers.metrics.instruments import Counter, Gauge, Histogram

T = TypeVar("T")

CAUSES = (
    "bodies",
    "conflict",
    "database",
    "limits_storage",
    "not_ready",
    "pool",
    "requests",
    "threads",
    "write_lock",
)
"""The causes of responses with 503, as ``domain.shared.errors.Unavailable`` has them."""

_LIMITS = ("login", "look-up", "password-reset")
_SOURCES = ("memory", "database", "rendered")
_WAITS: Sequence[float] = (0.001, 0.01, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)


class _Declaration(NamedTuple):
    """How a metric is made; its ``label`` without ``values`` has those of the application."""

    make: Callable[..., Any]
    name: str
    text: str
    more: Mapping[str, Any]


def _declared(make: Callable[..., T], name: str, text: str, **more: Any) -> T:
    """Has the type of what each object of the class gets in its place."""
    return cast(T, _Declaration(make, name, text, more))


class Instruments:
    """The metrics, with ``values`` of the labels that differ between applications, by label."""

    unavailable = _declared(
        Counter,
        "waybill_unavailable",
        "Responses with 503, by cause.",
        label="cause",
        values=CAUSES,
    )
    violations = _declared(
        Counter,
        "waybill_contract_violations",
        "Responses that broke the contract, by operation.",
        label="operation_id",
    )
    untrusted_forwarded = _declared(
        Counter,
        "waybill_untrusted_forwarded_requests",
        "Requests with a forwarded header while WAYBILL_TRUSTED_PROXIES is 0.",
    )
    login_failures = _declared(Counter, "waybill_login_failures", "Failed logins.")
    lookup_failures = _declared(
        Counter, "waybill_lookup_failures", "Guests' look-ups that found no order."
    )
    rate_limited = _declared(
        Counter,
        "waybill_rate_limited",
        "Attempts that a rate limit refused, by limit.",
        label="limit",
        values=_LIMITS,
    )
    documents = _declared(
        Counter,
        "waybill_documents",
        "Documents that were read, by where they came from.",
        label="source",
        values=_SOURCES,
    )
    replica_reads = _declared(
        Counter,
        "waybill_replica_reads",
        "Requests that a standby served, by standby.",
        label="replica",
    )
    replica_fallbacks = _declared(
        Counter,
        "waybill_replica_fallbacks",
        "Requests that left a standby that was behind or failed, by standby.",
        label="replica",
    )
    thread_wait = _declared(
        Histogram,
        "waybill_thread_wait_seconds",
        "Time that requests waited for a thread; those that did not wait do not count.",
        bounds=_WAITS,
    )
    pool_wait = _declared(
        Histogram,
        "waybill_pool_wait_seconds",
        "Time that callers waited for a connection; those that did not wait do not count.",
        bounds=_WAITS,
        label="pool",
    )
    starts = _declared(
        Counter, "waybill_process_starts", "Starts of server processes, restarts included."
    )
    threads = _declared(Gauge, "waybill_threads", "Threads that run handlers.")
    threads_busy = _declared(Gauge, "waybill_threads_busy", "Threads that work on a request.")
    requests_queued = _declared(
        Gauge, "waybill_requests_queued", "Requests that wait for a thread."
    )
    pool_sizes = _declared(
        Gauge, "waybill_pool_connections", "The most connections, by pool.", label="pool"
    )
    pool_use = _declared(
        Gauge, "waybill_pool_connections_in_use", "Connections in use, by pool.", label="pool"
    )

    def __init__(self, cells: Cells, values: Mapping[str, Iterable[str]]) -> None:
        self._all: list[Counter | Gauge | Histogram] = []
        for attribute, declared in vars(Instruments).items():
            if isinstance(declared, _Declaration):
                of_application = values.get(declared.more.get("label", ""), ())
                arguments = {"values": of_application} | dict(declared.more)
                made = declared.make(cells, declared.name, declared.text, **arguments)
                self._all.append(made)
                setattr(self, attribute, made)
