"""Additions to every run of Schemathesis: a deserializer, hooks, and a check."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from http.cookies import SimpleCookie
from typing import Any

import schemathesis
import yaml
from hypothesis import strategies as st
from schemathesis import Case, CheckContext, DeserializationContext, HookContext, Response
from schemathesis.auths import AuthContext
from schemathesis.core.failures import Failure
from schemathesis.core.media_types import YAML_MEDIA_TYPES
from schemathesis.openapi.checks import AuthScenario, IgnoredAuth

from domain.accounts.sessions import id_hash, open_session
from handlers.auth.session_cookies import new_csrf_token
from handlers.http.media_types import HTML, JSON
from handlers.http.strict_json import decode_json
from handlers.web.request_context import PARTS, Parts
from tests.contract.drafts import Choice, bulks, drafts, one_in
from tests.contract.operations import OPERATIONS
from tests.support.presence import FOLDER, collector

SINGLE = {"createCancellationRequest", "createAnonymousCancellationRequest"}
OF_ORDER = "cancelOrder"
BULK = {"createBulkCancellationRequests", "createAnonymousBulkCancellationRequests", OF_ORDER}
TRADE_INS = {"approveTradeIn", "rejectTradeIn", "answerTradeInOffer"}
LOG_OUTS = {"logOut", "logOutByForm"}
OFFERS = {*TRADE_INS, "showTradeInOffer"}
ONE_TIME = {"showPasswordPage", "setPassword", "redeemHandover"}

# The refusals of requests that are valid under the contract, by status and error code: no contract
# can describe which credentials are right, or which units of an order remain.
_RULES = {f"cancellation_request_100_{number}" for number in range(1, 19)}
_ITEM_RULES = {f"cancellation_request_100_{number}" for number in (6, 7, 8)}
_OF_REQUESTS: dict[int, set[str]] = {
    400: _RULES,
    406: _ITEM_RULES,
    409: {"cancellation_request_100_17"},
    422: {"idempotency_key_reused"},
}
_OF_OFFERS: dict[int, set[str]] = {409: {"trade_in_answered"}, 410: {"trade_in_expired"}}
_OF_LINKS: dict[int, set[str]] = {410: {"link_expired"}}
REFUSALS: dict[str, dict[int, set[str]]] = {
    "logIn": {400: {"login_failed"}},
    **dict.fromkeys(ONE_TIME, _OF_LINKS),
    **dict.fromkeys(SINGLE | BULK, _OF_REQUESTS),
    **dict.fromkeys(TRADE_INS, _OF_OFFERS),
}

# The tokens of mailed links, by operation and line.
Tokens = Mapping[str, Mapping[str, str]]
FlatmapCase = Callable[[HookContext, Case[Any]], st.SearchStrategy[Case[Any]]]


def operation_id(case: Case[Any]) -> str:
    """The operationId of the case."""
    found: str = case.operation.definition.raw["operationId"]
    return found


def is_valid(case: Case[Any]) -> bool:
    """Whether the case was generated as valid."""
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.deserializer(*YAML_MEDIA_TYPES)
def read_yaml(_context: DeserializationContext, response: Response) -> Any:
    """Like Schemathesis, but only once: parsing the contract takes half a second."""
    return _yaml(response.content)


@cache
def _yaml(content: bytes) -> Any:
    return yaml.safe_load(content)


@schemathesis.check
def known_refusal(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """A valid request is refused only with a code that the contract has for this refusal."""
    codes = REFUSALS.get(operation_id(case), {}).get(response.status_code)
    is_json = response.headers.get("content-type", [""])[0].startswith(JSON)
    if codes is None or not is_valid(case) or not is_json:
        return
    answered_codes = set(_codes(response.json()))
    assert answered_codes, "no error code"
    assert answered_codes <= codes, f"{answered_codes - codes} for a valid request"


def _codes(error: Mapping[str, Any]) -> Iterator[str]:
    """The codes of an error and of its rows."""
    for name, value in error.items():
        if name == "error_code":
            yield value
        elif isinstance(value, Mapping):
            yield from _codes(value)


@schemathesis.hook
def filter_case(_context: HookContext, case: Case[Any]) -> bool:
    """Whether a valid case is also within the bounds of all JSON.

    The contract has these bounds only in its text: no schema can limit integers in unknown keys.
    """
    if not is_valid(case) or not isinstance(case.body, dict | list):
        return True
    try:
        decode_json(json.dumps(case.body).encode())
    except ValueError:
        return False
    return True


if FOLDER:

    @schemathesis.hook
    def after_call(_context: HookContext, case: Case[Any], response: Response) -> None:
        """Count the properties of the response, for `tests.promises`."""
        kind = response.headers.get("content-type", [""])[0]
        status, content = response.status_code, response.content
        collector().count(case.operation.method, case.operation.path, status, kind, content)


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Replace the session of a log-out by a new one, so that the run's session remains.

    A request without a valid CSRF token, which can't log out, is not changed.
    """
    if operation_id(case) not in LOG_OUTS:
        return
    parts: Parts = case.operation.app.app.extensions[PARTS]
    cookies = SimpleCookie(case.headers.get("Cookie", ""))
    value, token = (cookies[name].value if name in cookies else "" for name in _SESSION_COOKIES)
    if not token or case.headers.get("x-csrftoken") != token:
        return
    with parts.database.writing() as uow:
        owner = uow.sessions.owner(id_hash(value))
        user = uow.users.get(owner.user_pk) if owner else None
        if user is None:
            return
        opened = open_session(user, timedelta(hours=1), uow).value
    token = new_csrf_token(opened, parts.settings)
    case.headers["Cookie"] = f"sessionid={opened}; csrftoken={token}"
    case.headers["x-csrftoken"] = token


_SESSION_COOKIES = ("sessionid", "csrftoken")


@schemathesis.hook
def filter_failure(
    _context: HookContext, failure: Failure, case: Case[Any], _response: Response
) -> bool:
    """Whether it is a failure: a link with a wrong signature gets 404.

    `ignored_auth` expects 401 or 403 for a wrong token, and has no setting for it.
    """
    return not (
        operation_id(case) in OFFERS
        and isinstance(failure, IgnoredAuth)
        and failure.scenario is AuthScenario.INVALID_AUTH
        and "got `404 Not Found`" in failure.message
    )


def varied(choice: Choice | None) -> FlatmapCase:
    """A hook that adds an Accept header and a random query parameter to each case.

    With them, operations without parameters have more than one request, too. With a ``choice``,
    most requests to cancel and to return are for existing lines.
    """

    bodies = _bodies(choice) if choice else {}
    numbers = st.integers(min_value=0)

    def flatmap_case(_context: HookContext, case: Case[Any]) -> st.SearchStrategy[Case[Any]]:
        def vary(accept: str, number: int, body: Any) -> Case[Any]:
            case.headers["Accept"], case.query["_"] = accept, str(number)
            if body is not None:
                case.body = body
                # Generated keys are often equal, and a key is valid for only one request.
                case.headers.pop("Idempotency-Key" if number % 2 else "", None)
            return case

        body = bodies.get(operation_id(case), st.none()) if is_valid(case) else st.none()
        return st.builds(vary, _accepts(operation_id(case)), numbers, body)

    return flatmap_case


@cache
def _accepts(name: str) -> st.SearchStrategy[str]:
    [operation] = (
        operation for operation in OPERATIONS.values() if operation["operationId"] == name
    )
    offered = [
        kind
        for status, response in operation["responses"].items()
        for kind in response.get("content", ())
        if status < "300"
    ]
    # A request for HTML gets JSON where there is no page.
    return st.sampled_from(["*/*", *offered, *([HTML] if JSON in offered else [])])


def _bodies(choice: Choice) -> dict[str, st.SearchStrategy[Any]]:
    """By operation; every fifth body stays as generated (None)."""
    one, other, last = (replace(choice, own=share) for share in choice.own.shares(3))
    made = (drafts(one), bulks(other), bulks(last))
    single, bulk, of_order = (one_in(5, st.none(), item) for item in made)
    return {**dict.fromkeys(SINGLE, single), **dict.fromkeys(BULK, bulk), OF_ORDER: of_order}


class LinkHolder:
    """A holder of mailed links without a session."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def get(self, case: Case[Any], _context: AuthContext) -> str | None:
        """The token for the line, or else the token for another line."""
        tokens = self._tokens.get(operation_id(case))
        if tokens is None:
            return None
        return tokens.get(str(case.path_parameters["pk"]), next(iter(tokens.values())))

    def set(self, case: Case[Any], data: str, _context: AuthContext) -> None:
        """Follow the link."""
        case.query["token"] = data
