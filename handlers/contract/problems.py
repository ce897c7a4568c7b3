"""How refusals are answered, unless an application says otherwise: Problem Details (RFC 9457)."""

from typing import Any

import orjson
from flask import Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from domain.shared.errors import FieldErrors, NotFound, Refusal
from handlers.contract.http_errors import UnknownMethod
from handlers.contract.operations import Operation
from handlers.contract.responses import Reply
from handlers.contract.statuses import STATUSES, find_status
from handlers.edge.cors import HeaderList

PROBLEM = "application/problem+json"


def problem(operation: Operation, refusal: Refusal) -> Reply:
    """The refusal of a request that an operation was found for.

    Its media type is that of Problem Details, unless the operation describes the status with
    another type of JSON.
    """
    status = find_status(refusal, STATUSES)
    media_type = "" if operation.responses.describes(status) else PROBLEM
    return Reply(status, problem_body(refusal), retry_after(refusal), media_type)


def unrouted(error: HTTPException) -> Response:
    """The answer where no operation is found: 405 with the methods that are there, or 404."""
    refusal: Refusal = NotFound()
    headers = {}
    if isinstance(error, MethodNotAllowed):
        refusal = UnknownMethod()
        headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    status = find_status(refusal, STATUSES)
    body = orjson.dumps(problem_body(refusal))
    return Response(body, status, headers, content_type=PROBLEM)


def problem_body(refusal: Refusal) -> dict[str, Any]:
    """`errors` has a sentence for each field that does not fit, nested as in the body."""
    status = find_status(refusal, STATUSES)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": refusal.message % refusal.params,
    }
    errors = _errors(refusal)
    return body | {"errors": errors} if errors else body


def _errors(refusal: Refusal) -> dict[str, Any]:
    if isinstance(refusal, FieldErrors):
        return {
            name: _errors(each) if isinstance(each, FieldErrors) else each.message % each.params
            for name, each in refusal.errors.items()
        }
    return {refusal.field: refusal.message % refusal.params} if refusal.field else {}


def retry_after(refusal: Refusal) -> dict[str, str]:
    """The header that says when to come again, where the refusal knows."""
    seconds = getattr(refusal, "retry_after", None)
    return {} if seconds is None else {"Retry-After": str(seconds)}


def answer_problem(refusal: Refusal, _headers: object) -> tuple[int, HeaderList, bytes]:
    """What the edge answers."""
    status = find_status(refusal, STATUSES)
    return status, [(b"content-type", PROBLEM.encode())], orjson.dumps(problem_body(refusal))
