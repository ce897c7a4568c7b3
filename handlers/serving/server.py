"""The server process: granian runs the application in its workers."""

import gc
import socket
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from handlers.app import create_app, database_of, metrics_of, tracing_of
from handlers.contract.asgi.routing import ContractApp
from handlers.logs import configure_logs
from handlers.metrics.sampler import start_sampler
from handlers.metrics.shared_cells import SharedCells
from handlers.serving import reloads
from handlers.serving.connections import family_of, raise_limit, watch_connections
from handlers.serving.garbage import without_garbage_collection
from handlers.serving.supervisor import Supervisor
from handlers.settings import LogFormat, Settings, read_settings

# One half-open client would otherwise delay the stop of a worker by half a minute. Long enough for
# a request in flight, which may still be waiting for a thread.
_STOP_SECONDS = 3
# As long as a body may take. It also limits idle connections.
_HEAD_SECONDS = 10
# Connections that wait to be accepted: the default maximum of Linux (net.core.somaxconn).
_BACKLOG = 4096

# Sends granian's lines to the handler of all other lines.
_LOGS_OF_GRANIAN: dict[str, Any] = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"propagate": True}},
}

_log = structlog.get_logger("waybill.server")


@cache
def application() -> ContractApp:
    """The application, with the settings of the environment.

    Forked workers inherit the one that ``serve`` made; spawned workers make their own. It opens no
    connection before its first request.
    """
    settings = read_settings()
    configure_logs(settings)
    with without_garbage_collection():
        return create_app(settings)


@cache
def sandbox_application() -> ContractApp:
    """The application of a sandbox, with the settings of the environment."""
    # Imported here: other servers do not need them.
    from handlers.sandbox.shop import read_shop
    from handlers.sandbox.state import Sandbox

    settings = read_settings()
    configure_logs(settings)
    with without_garbage_collection():
        return create_app(settings, Sandbox.of(read_shop()))


def serve(
    settings: Settings,
    make: Callable[[], ContractApp] = application,
    *,
    is_temporary: bool = False,
) -> None:
    """Serve the application that ``make`` returns until SIGINT or SIGTERM.

    Requests in flight are finished. SIGHUP reloads the server. One that ``is_temporary`` does not
    drain, and SIGHUP, as from a closed terminal, stops it. Raises ContractError before it listens.
    """
    metrics = metrics_of(make())
    if reloads.is_check():
        return
    before = reloads.inheritance()
    workers = len(before.listeners) if before else settings.workers
    # A worker that is being replaced and its successor have a slot each.
    shared = metrics.shared_cells(2 * workers + 1)
    # Workers share the memory of the application until a garbage collection writes to it.
    gc.freeze()
    connections = raise_limit()
    Supervisor(
        f"{__name__}:application",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=workers,
        workers_kill_timeout=_STOP_SECONDS,
        backlog=_BACKLOG,
        # granian's "backpressure" is the maximum number of connections of a worker.
        backpressure=connections,
        # The limits of the edge are those of HTTP/1.1, which a proxy in front uses, too.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEAD_SECONDS * 1000),
        websockets=False,
        log_dictconfig=_LOGS_OF_GRANIAN if settings.log_format is LogFormat.JSON else None,
        drain_seconds=0 if is_temporary else settings.drain_seconds,
        is_temporary=is_temporary,
    ).serve(target_loader=partial(_worker_application, settings, make, shared), wrap_loader=False)


def _worker_application(
    settings: Settings, make: Callable[[], ContractApp], shared: SharedCells
) -> ContractApp:
    """The application, made in the worker that serves it."""
    share = 0 if settings.trusted_proxies else settings.connections_per_address
    watch_connections(settings.host, settings.port, share)
    app = make()
    metrics = metrics_of(app)
    if not metrics.share(shared):
        _log.error("metrics_not_shared", hint="the metrics lack this process")
    metrics.sample()
    start_sampler(metrics.sample)
    database_of(app).check_standbys()
    tracing = tracing_of(app)
    if tracing is not None:
        tracing.start()
    return app


def require_free(host: str, port: int) -> None:
    """Raises OSError if the address cannot be used, or another process listens on it.

    granian would share the port with that process, and each would get some of the requests. After
    a reload, it is this process that listens.
    """
    if reloads.is_check() or reloads.inheritance():
        return
    socket.create_server((host, port), family=family_of(host)).close()
