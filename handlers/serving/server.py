"""The server process: granian runs the application in its workers."""

import gc
import socket
from collections.abc import Callable
from functools import cache, partial

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from handlers.app import create_app
from handlers.contract.asgi.routing import ContractApp
from handlers.logs import configure_logs
from handlers.serving.connections import family_of, raise_limit, watch_connections
from handlers.serving.garbage import uncollected
from handlers.serving.supervisor import Supervisor
from handlers.settings import Settings, read_settings

# A worker with one half-open client would otherwise delay the stop by half a minute. A request in
# flight may have waited for a thread before it is worked on.
_STOP_SECONDS = 3
# As long as a body may take. It also ends connections on which nothing is asked.
_HEAD_SECONDS = 10
# Connections that wait to be accepted, as many as Linux lets wait (net.core.somaxconn).
_BACKLOG = 4096


@cache
def application() -> ContractApp:
    """The application of the settings in the environment.

    Workers are forked, so they inherit the one that ``serve`` made; where they are spawned, each
    makes its own. It opens no connection before its first request.
    """
    settings = read_settings()
    configure_logs(settings)
    with uncollected():
        return create_app(settings)


@cache
def sandbox_application() -> ContractApp:
    """The application of a sandbox, of the settings in the environment."""
    # An ordinary server does without.
    from handlers.sandbox.shop import read_shop
    from handlers.sandbox.state import Sandbox

    settings = read_settings()
    configure_logs(settings)
    with uncollected():
        return create_app(settings, Sandbox.of(read_shop()))


def serve(settings: Settings, make: Callable[[], ContractApp] = application) -> None:
    """Serve what ``make`` gives until SIGINT or SIGTERM; requests in flight are finished first.

    Raises ContractError before anything is listened on.
    """
    make()
    # It stays for good. Workers share its memory for as long as no collection writes to it.
    gc.freeze()
    connections = raise_limit()
    Supervisor(
        "handlers.serving.server:application",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        workers_kill_timeout=_STOP_SECONDS,
        backlog=_BACKLOG,
        # What granian calls by that name bounds the connections of a worker.
        backpressure=connections,
        # The bounds of the edge are those of HTTP/1.1; a proxy in front speaks it with us.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEAD_SECONDS * 1000),
        websockets=False,
    ).serve(target_loader=partial(_worker_application, settings, make), wrap_loader=False)


def _worker_application(settings: Settings, make: Callable[[], ContractApp]) -> ContractApp:
    """The application, in the worker that will serve it."""
    share = 0 if settings.trusted_proxies else settings.connections_per_address
    watch_connections(settings.host, settings.port, share)
    return make()


def require_free(host: str, port: int) -> None:
    """Raises OSError where nobody can listen, or somebody does.

    granian would share the port with them, and each would get some of the requests.
    """
    socket.create_server((host, port), family=family_of(host)).close()
