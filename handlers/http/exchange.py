"""One request and its response, as logs, metrics and traces see it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from starlette.types import Scope

_IN_SCOPE = "contract.exchange"
_NONE: Mapping[str, Any] = MappingProxyType({})


class Exchange:
    """The guard makes one for each request; the stages behind it add what they know.

    ``status``: 0 until the response starts. ``size``: the bytes of the body that were sent.
    ``seconds``: from the head of the request to the end of the response.
    ``operation_id``: empty until the request is dispatched, and for requests of no operation.
    ``caller``: whom the application authenticated; None for others.
    ``client``: the address that a trusted proxy reported; empty without one.
    ``cause``: what was unavailable for a response with 503; empty for others.
    """

    __slots__ = (
        "caller",
        "cause",
        "client",
        "operation_id",
        "request_id",
        "seconds",
        "size",
        "status",
    )

    def __init__(self, scope: Scope, request_id: str) -> None:
        # No reference back to the scope: a cycle would wait for the garbage collector.
        self.request_id = request_id
        self.status = 0
        self.size = 0
        self.seconds = 0.0
        self.operation_id = ""
        self.caller: Any = None
        self.client = ""
        self.cause = ""
        scope[_IN_SCOPE] = self


OnExchange = Callable[[Scope, Exchange], None]
"""Is called in the event loop when the response was sent or the client has disconnected.

Must not raise.
"""


def exchange_in(scope: Mapping[str, Any]) -> Exchange | None:
    """The exchange of the request of an ASGI scope; None without a guard, or before it."""
    exchange: Exchange | None = scope.get(_IN_SCOPE)
    return exchange


def exchange_of(environ: Mapping[str, Any]) -> Exchange | None:
    """The exchange of the request of a WSGI environment; None without a guard in front."""
    return exchange_in(environ.get("asgi.scope", _NONE))
