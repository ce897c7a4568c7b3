"""The access log: one line for each request.

A line in JSON is written without structlog's processors, which take six times as long; its keys are
the same.
"""

import json
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from starlette.types import Scope

from domain.accounts.callers import Caller
from domain.sellers.callers import SellerCaller, ShopCaller
from domain.trade_ins import OfferLink
from handlers.http.exchange import Exchange
from handlers.settings import LogFormat, Settings
from handlers.web.probes import PROBES

_log = structlog.get_logger(__name__)
_KINDS: Mapping[type[Any], str] = {
    SellerCaller: "seller",
    ShopCaller: "shop",
    OfferLink: "link",
}

_LINE = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE

Fields = dict[str, Any]


class AccessLog:
    """Writes the line of an exchange: never a query, a body or a credential."""

    def __init__(self, settings: Settings) -> None:
        self._left_out = frozenset() if settings.log_probes else PROBES
        is_logged = settings.log_level <= logging.INFO
        is_json = settings.log_format is LogFormat.JSON
        self._write: Callable[[Fields], None] = _write_json if is_json else _write_text
        if not is_logged:
            self._write = _write_nothing

    def __call__(self, scope: Scope, exchange: Exchange) -> None:
        """Log the exchange, unless it is a probe that the settings leave out."""
        path = scope["path"]
        if self._write is _write_nothing or path in self._left_out:
            return
        self._write(
            {
                "method": scope["method"],
                "path": path,
                "status": exchange.status,
                "milliseconds": round(exchange.seconds * 1000, 1),
                "operation_id": exchange.operation_id or None,
                "caller": kind_of(exchange.caller),
                "client": exchange.client or (scope.get("client") or ("",))[0],
                "bytes": exchange.size,
                "request_id": exchange.request_id,
            }
        )


def kind_of(caller: object) -> str:
    """What authenticated a request: ``shopper``, ``guest``, ``seller``, ``shop`` (its own system),
    ``link`` (an e-mailed link), or ``none``."""
    if isinstance(caller, Caller):
        return "guest" if caller.is_guest else "shopper"
    return _KINDS.get(type(caller), "none")


def _write_nothing(_fields: Fields) -> None:
    """For a level above INFO."""


def _write_text(fields: Fields) -> None:
    del fields["request_id"]  # structlog adds it
    _log.info("request", **fields)


def _write_json(fields: Fields) -> None:
    fields["event"] = "request"
    fields["level"] = "info"
    fields["timestamp"] = datetime.now(UTC)
    try:
        line = orjson.dumps(fields, option=_LINE)
    except TypeError:  # lone surrogates in the path, which orjson refuses
        fields["timestamp"] = fields["timestamp"].isoformat()
        line = f"{json.dumps(fields)}\n".encode()
    # One call for a whole line: those of threads do not mix. The text layer holds nothing back,
    # since it writes lines as well.
    stream = sys.stderr.buffer
    stream.write(line)
    stream.flush()
