"""The server process: granian runs the application in its workers."""

import socket
from functools import cache

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from handlers.app import create_app
from handlers.contract.routing import ContractApp
from handlers.logs import configure_logs
from handlers.settings import Settings, read_settings

# A worker with one half-open client would otherwise delay the stop by half a minute. A request in
# flight may have waited for a thread before it is worked on.
_STOP_SECONDS = 3
# As long as a body may take. It also ends connections on which nothing is asked.
_HEAD_SECONDS = 10


@cache
def application() -> ContractApp:
    """The application of the settings in the environment.

    Workers are forked, so they inherit the one that ``serve`` made; where they are spawned, each
    makes its own. It opens no connection before its first request.
    """
    settings = read_settings()
    configure_logs(settings)
    return create_app(settings)


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are finished first.

    Raises ContractError before anything is listened on.
    """
    application()
    Granian(
        "handlers.server:application",
        factory=True,
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        workers_kill_timeout=_STOP_SECONDS,
        # The bounds of the edge are those of HTTP/1.1; a proxy in front speaks it with us.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEAD_SECONDS * 1000),
        respawn_failed_workers=True,
        websockets=False,
    ).serve()


def require_free(host: str, port: int) -> None:
    """Raises OSError where nobody can listen, or somebody does.

    granian would share the port with them, and each would get some of the requests.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    socket.create_server((host, port), family=family).close()
