"""The access log: one line for each request.

A line in JSON is written without structlog's processors, which take six times as long; its keys are
the same.
"""

import json
from asyncio import get_running_loop
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from time import time
from typing import Any

import orjson
import structlog
from starlette.types import Scope

from domain.accounts.callers import Caller
from domain.sellers.callers import SellerCaller, ShopCaller
from domain.trade_ins import OfferLink
from handlers.http.exchange import Exchange
from handlers.settings import LogFormat, Settings
from handlers.standard_error import STANDARD_ERROR, HeldLines
from handlers.web.probes import PROBES

_log = structlog.get_logger(__name__)
_KINDS: Mapping[type[Any], str] = {
    SellerCaller: "seller",
    ShopCaller: "shop",
    OfferLink: "link",
}

_LINE = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


class AccessLog:
    """Writes the line of an exchange: never a query, a body or a credential.

    Lines in JSON are rendered and written later, many at once.
    """

    def __init__(self, settings: Settings, lines: HeldLines = STANDARD_ERROR) -> None:
        self._left_out = frozenset() if settings.log_probes else PROBES
        self._is_json = settings.log_format is LogFormat.JSON
        self._lines = lines

    def __call__(self, scope: Scope, exchange: Exchange) -> None:
        """Log the exchange, unless it is a probe that the settings leave out."""
        path = scope["path"]
        if path in self._left_out:
            return
        if not self._is_json:
            # structlog adds the request id.
            _log.info("request", **_fields(scope["method"], path, scope.get("client"), exchange))
            return
        try:
            loop = get_running_loop()
        except RuntimeError:
            loop = None
        # Without the scope, which can go now.
        values = (scope["method"], path, scope.get("client"), exchange, time())
        self._lines.add(partial(_line, *values), loop)


def kind_of(caller: object) -> str:
    """What authenticated a request: ``shopper``, ``guest``, ``seller``, ``shop`` (its own system),
    ``link`` (an e-mailed link), or ``none``."""
    if isinstance(caller, Caller):
        return "guest" if caller.is_guest else "shopper"
    return _KINDS.get(type(caller), "none")


def _fields(
    method: str, path: str, peer: Sequence[Any] | None, exchange: Exchange
) -> dict[str, Any]:
    return {
        "method": method,
        "path": path,
        "status": exchange.status,
        "milliseconds": round(exchange.seconds * 1000, 1),
        "operation_id": exchange.operation_id or None,
        "caller": kind_of(exchange.caller),
        "client": exchange.client or (peer or ("",))[0],
        "bytes": exchange.size,
    }


def _line(
    method: str, path: str, peer: Sequence[Any] | None, exchange: Exchange, when: float
) -> bytes:
    """The line in JSON of an exchange that was over ``when``, in seconds since 1970."""
    fields = _fields(method, path, peer, exchange)
    fields["request_id"] = exchange.request_id
    fields["event"] = "request"
    fields["level"] = "info"
    fields["timestamp"] = datetime.fromtimestamp(when, UTC)
    try:
        return orjson.dumps(fields, option=_LINE)
    except TypeError:  # lone surrogates in the path, which orjson refuses
        fields["timestamp"] = fields["timestamp"].isoformat()
        return f"{json.dumps(fields)}\n".encode()
