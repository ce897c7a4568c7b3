"""The responses to refused requests: their statuses, and the one JSON shape of errors.

`{"detail": …}` is about the request, `{"<field>": …}` about one field, and
`{"non_field_errors": …}` about the body as a whole; all have an `error_code`.
"""

import re
from http import HTTPStatus
from typing import Any

import orjson
from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from domain.accounts.one_time_tokens import LinkExpired
from domain.shared.errors import (
    FieldErrors,
    InvalidInput,
    KeyReused,
    LoginFailed,
    NotAuthenticated,
    NotFound,
    Refusal,
    RowErrors,
    RuleBroken,
)
from handlers.auth.bearer_tokens import challenge
from handlers.auth.session_keys import key_challenge
from handlers.contract.operations.operations import Operation
from handlers.contract.operations.responses import Reply
from handlers.http.errors import (
    UnknownMethod,
    UnknownPath,
)
from handlers.http.media_types import FORM, HTML, JSON
from handlers.http.negotiation import prefers_html
from handlers.http.problems import retry_after
from handlers.http.request_body import content_of
from handlers.http.statuses import STATUSES, find_status
from handlers.i18n.translations import translate
from handlers.web.pages import (
    link_expired_page,
    login_page,
    login_required_page,
    logout_page,
    password_page,
    problem_page,
    reset_page,
)
from handlers.web.request_context import language

_STATUSES: dict[type[Refusal], HTTPStatus] = {
    **STATUSES,
    RuleBroken: HTTPStatus.NOT_ACCEPTABLE,
    KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
}


# A placeholder of a Werkzeug rule: the group is its name, without the converter.
_CONVERTED = re.compile("<(?:[^<>:]+:)?([^<>:]+)>")
_PASSWORD_LINKS = {"showPasswordPage", "setPassword"}


def refuse(operation: Operation, refusal: Refusal) -> Response | Reply:
    """The response to a refused request.

    Browsers without a session are sent to the login page. Account forms are shown again with the
    error; other forms and broken links get an error page, where the contract has one. All others
    get JSON, unless the contract has only a page.
    """
    status = status_of(refusal)
    headers = retry_after(refusal) | challenge(operation, refusal)
    headers |= key_challenge(operation, refusal)
    if isinstance(refusal, NotAuthenticated) and _leads_to_login(operation):
        return login_required_page()
    if operation.responses.allows(status, HTML) and (
        _is_for_people(refusal) or not operation.responses.allows(status, JSON)
    ):
        return _refusal_page(operation, refusal, status, headers)
    return Reply(status, error_body(refusal, language()), headers)


def _is_for_people(refusal: Refusal) -> bool:
    """Whether a page is preferred: for a form or a broken link."""
    return _is_form() or (isinstance(refusal, NotFound | LinkExpired) and _prefers_html())


def _refusal_page(
    operation: Operation, refusal: Refusal, status: int, headers: dict[str, str]
) -> Response:
    if isinstance(refusal, LinkExpired):
        return link_expired_page(operation.operation_id in _PASSWORD_LINKS, headers)
    content, problem = content_of(request.environ), _sentence(refusal, language())
    match operation.operation_id:
        case "logIn":
            return login_page(content.field("next"), problem, status, headers)
        case "logOutByForm":
            return logout_page(content.field("next"), status, headers)
        case "setPassword":
            return password_page(content.field("token"), problem, status, headers)
        case "requestPasswordReset":
            return reset_page(problem, status, headers)
        case _:
            return problem_page(problem, status, headers)


def error_body(refusal: Refusal, in_language: str) -> dict[str, Any]:
    """A refusal in the error shape; a bulk request has one for each row."""
    if isinstance(refusal, RowErrors):
        rows = {str(at): error_body(error, in_language) for at, error in refusal.errors.items()}
        return {"cancel_order_items": rows}
    return _details(refusal, in_language) | {"error_code": refusal.code}


def _details(refusal: Refusal, in_language: str) -> dict[str, Any]:
    if isinstance(refusal, FieldErrors):
        return {name: _of_field(error, in_language) for name, error in refusal.errors.items()}
    return {_place(refusal): _sentence(refusal, in_language)}


def _of_field(refusal: Refusal, in_language: str) -> Any:
    if isinstance(refusal, FieldErrors):
        return _details(refusal, in_language)
    return _sentence(refusal, in_language)


def _sentence(refusal: Refusal, in_language: str) -> str:
    return translate(refusal.message, in_language) % refusal.params


def unrouted(error: HTTPException) -> Response:
    """The response if no operation matches: 405 for another method of a known path, or 404.

    For a path that differs only by a slash at its end, the 404 names the path of the contract.
    Werkzeug would redirect to it, but the contract has no such route.
    """
    refusal: Refusal = UnknownPath(_nearest_path())
    headers = {}
    if isinstance(error, MethodNotAllowed):
        refusal = UnknownMethod()
        headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    body = orjson.dumps(error_body(refusal, language()))
    return Response(body, status_of(refusal), headers, content_type=JSON)


def _nearest_path() -> str | None:
    """The path of the contract, with its templates, that differs by a slash at the end."""
    path = request.path.removesuffix("/") if request.path.endswith("/") else f"{request.path}/"
    try:
        rule, _ = current_app.url_map.bind("").match(path, request.method, return_rule=True)
    except HTTPException:
        return None
    return _CONVERTED.sub(r"{\1}", rule.rule)


def status_of(refusal: Refusal) -> HTTPStatus:
    """The status of a refusal, or of its nearest base class that has one.

    For rows it is 400 if any has an invalid value.
    """
    if isinstance(refusal, RowErrors):
        return _STATUSES[InvalidInput if refusal.is_invalid_input else RuleBroken]
    return find_status(refusal, _STATUSES)


def _place(refusal: Refusal) -> str:
    if refusal.field:
        return refusal.field
    return "non_field_errors" if isinstance(refusal, LoginFailed | RuleBroken) else "detail"


def _leads_to_login(operation: Operation) -> bool:
    allowed = operation.responses.allows(HTTPStatus.FORBIDDEN, HTML)
    return allowed and _prefers_html()


def _prefers_html() -> bool:
    return prefers_html(request.headers.get("Accept", ""))


def _is_form() -> bool:
    return request.mimetype == FORM
