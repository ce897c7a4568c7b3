"""The default responses to refused requests: Problem Details."""

import orjson
from flask import Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from domain.shared.errors import NotFound, Refusal
from handlers.contract.operations.operations import Operation
from handlers.contract.operations.responses import Reply
from handlers.http.errors import UnknownMethod
from handlers.http.problems import PROBLEM, problem_body, retry_after
from handlers.http.statuses import STATUSES, find_status


def problem(operation: Operation, refusal: Refusal) -> Reply:
    """The response to a refused request of an operation.

    Its media type is that of Problem Details, unless the operation describes the status with
    another JSON type.
    """
    status = find_status(refusal, STATUSES)
    media_type = "" if operation.responses.describes(status) else PROBLEM
    return Reply(status, problem_body(refusal), retry_after(refusal), media_type)


def unrouted(error: HTTPException) -> Response:
    """The response if no operation matches: 405 with the allowed methods, or 404."""
    refusal: Refusal = NotFound()
    headers = {}
    if isinstance(error, MethodNotAllowed):
        refusal = UnknownMethod()
        headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    status = find_status(refusal, STATUSES)
    body = orjson.dumps(problem_body(refusal))
    return Response(body, status, headers, content_type=PROBLEM)
