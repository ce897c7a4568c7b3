"""Detects proxies that are not in the settings.

Behind one, all requests seem to come from its address, and share the rate limits of one network.
"""

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

import structlog

_log = structlog.get_logger(__name__)
_FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_FORWARDED",  # RFC 7239; never trusted
)

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class UntrustedProxies:
    """WSGI middleware for servers that trust no proxy.

    Calls ``count`` for requests with a forwarded header, and logs a warning for the first one only:
    clients can send these headers as well, and would fill the log.
    """

    def __init__(self, next_app: Application, count: Callable[[], None]) -> None:
        self._next_app = next_app
        self._count = count
        self._lock = Lock()
        self._has_warned = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if any(name in environ for name in _FORWARDED):
            self._count()
            self._warn()
        return self._next_app(environ, start_response)

    def _warn(self) -> None:
        with self._lock:
            has_warned, self._has_warned = self._has_warned, True
        if not has_warned:
            _log.warning(
                "forwarded_headers_untrusted",
                hint="Set WAYBILL_TRUSTED_PROXIES to the number of proxies in front. Without it,"
                " all clients share the limits of one network.",
            )
