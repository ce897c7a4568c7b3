"""Refusals as Problem Details (RFC 9457), independent of operations."""

from typing import Any

import orjson

from domain.shared.errors import FieldErrors, Refusal
from handlers.http.headers import HeaderList
from handlers.http.statuses import STATUSES, find_status

PROBLEM = "application/problem+json"


def problem_body(refusal: Refusal) -> dict[str, Any]:
    """The JSON; `errors` has a message per invalid field, nested as in the body."""
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
            name: _errors(error) if isinstance(error, FieldErrors) else error.message % error.params
            for name, error in refusal.errors.items()
        }
    return {refusal.field: refusal.message % refusal.params} if refusal.field else {}


def retry_after(refusal: Refusal) -> dict[str, str]:
    """The Retry-After header, where the refusal has a time."""
    seconds = getattr(refusal, "retry_after", None)
    return {} if seconds is None else {"Retry-After": str(seconds)}


def render_problem(refusal: Refusal, _headers: object) -> tuple[int, HeaderList, bytes]:
    """The default RenderRefusal of the guard."""
    status = find_status(refusal, STATUSES)
    return status, [(b"content-type", PROBLEM.encode())], orjson.dumps(problem_body(refusal))
