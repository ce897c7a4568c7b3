"""The steps of a request through its operation: authenticate, negotiate, read, handle, validate.

Operations that act on GET refuse prefetches, and requests for a part of a page.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from flask import Response

from domain.shared.errors import Refusal, Unavailable
from handlers.contract.asgi.prefetch import is_prefetched, set_pending_read
from handlers.contract.operations.bodies import ContentType
from handlers.contract.operations.operations import Operation
from handlers.contract.operations.responses import Document, DocumentList, Reply
from handlers.contract.operations.violations import ContractViolation
from handlers.http.body_presence import raw_headers
from handlers.http.current import current_request
from handlers.http.errors import Embedded, InternalError, NotAcceptable, Prefetched
from handlers.http.exchange import exchange_of
from handlers.http.negotiation import accepts_json, is_embedded, is_prefetch, negotiate
from handlers.http.request_body import content_of

Handler = Callable[..., Any]

_log = structlog.get_logger(__name__)


class OperationView:
    """The view of one operation.

    ``authenticate`` raises a refusal for a caller who may not use the operation; ``refuse`` renders
    a refusal.
    """

    def __init__(
        self,
        operation: Operation,
        handler: Handler,
        authenticate: Callable[[Operation], None],
        refuse: Callable[[Operation, Refusal], Response | Reply],
    ) -> None:
        self._operation = operation
        self._handler = handler
        self._authenticate = authenticate
        self._refuse = refuse
        self._is_prefetched = is_prefetched(handler)

    def __call__(self, **path: str) -> Response:
        """The response to the current Flask request; every failure becomes a response."""
        exchange = exchange_of(current_request().environ)
        if exchange is not None:
            exchange.operation_id = self._operation.operation_id
        try:
            return self._answer(path)
        except ContractViolation:
            return self._refused(InternalError())
        except Exception:  # noqa: BLE001 - every failure is answered with 500
            _log.exception("unhandled_error", operation_id=self._operation.operation_id)
            return self._refused(InternalError())

    def _answer(self, path: dict[str, str]) -> Response:
        try:
            return self._handled(path)
        except Refusal as refusal:
            return self._refused(refusal)

    def _handled(self, path: dict[str, str]) -> Response:
        operation = self._operation
        if operation.acts_on_get:
            _require_opened()
        if self._is_prefetched:
            return self._prefetched(path)
        self._authenticate(operation)
        media_type = _negotiated(operation)
        values = self._read(path)
        return self._respond(self._handler(**values), media_type)

    def _prefetched(self, path: dict[str, str]) -> Response:
        operation = self._operation
        try:
            media_type = _negotiated(operation)
            run = partial(self._handler, **self._read(path))
        except Refusal:
            # A caller who is not authenticated learns that, and no other error.
            self._authenticate(operation)
            raise
        set_pending_read(run)
        self._authenticate(operation)
        return self._respond(run(), media_type)

    def _read(self, path: dict[str, str]) -> dict[str, Any]:
        operation, body = self._operation, self._operation.body
        request = current_request()
        environ = request.environ
        operation.content_type.check(environ.get("CONTENT_TYPE", ""))
        values: dict[str, Any] = {}
        if body is not None:
            values["body"] = body.read(content_of(environ))
        # Last: malformed requests are refused before a path that names no resource is not found.
        parameters = operation.parameters
        headers = raw_headers(environ) if parameters.reads_raw_headers else request.headers
        cookies = request.cookies if parameters.reads_cookies else {}
        return values | parameters.read(path, request.query_string, headers, cookies)

    def _respond(self, result: Any, media_type: str) -> Response:
        responses = self._operation.responses
        match result:
            case Document():
                return responses.document(result, media_type)
            case DocumentList():
                return responses.document_list(result)
            case Response():
                return responses.check(result)
            case Reply():
                return responses.reply(result)
            case _:
                return responses.reply(_as_reply(result, responses.success))

    def _refused(self, refusal: Refusal) -> Response:
        if isinstance(refusal, Unavailable):
            exchange = exchange_of(current_request().environ)
            if exchange is not None:
                exchange.cause = refusal.cause
        return self._operation.responses.refusal(self._refuse(self._operation, refusal))


def _as_reply(result: Any, success: int) -> Reply:
    """The reply for a plain result: a body, or a tuple of it with status and headers."""
    match result:
        case (body, int(status)):
            return Reply(status, body)
        case (body, int(status), headers):
            return Reply(status, body, headers)
        case _:
            return Reply(success, result)


def _require_opened() -> None:
    """Raises Prefetched or Embedded unless the caller opened the link, which changes something."""
    headers = current_request().headers
    if is_prefetch(headers):
        raise Prefetched
    if is_embedded(headers):
        raise Embedded


def _negotiated(operation: Operation) -> str:
    """The media type of the response. Raises NotAcceptable.

    Operations that require JSON also refuse clients that do not accept it, even if success is
    empty.
    """
    accept = current_request().environ.get("HTTP_ACCEPT", "")
    if operation.content_type is not ContentType.ANY and not accepts_json(accept):
        raise NotAcceptable
    offered = operation.responses.offered
    media_type = negotiate(accept, offered) if offered else ""
    if media_type is None:
        raise NotAcceptable
    return media_type
