"""What every run of Schemathesis does besides its own: a deserializer, hooks, and a check."""

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

# How a request that fits the contract may be refused all the same, since no contract can tell
# which credentials are right, or what is left of an order: by status and error code.
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

# Those of mailed links, by operation and line.
Tokens = Mapping[str, Mapping[str, str]]
FlatmapCase = Callable[[HookContext, Case[Any]], st.SearchStrategy[Case[Any]]]


def operation_id(case: Case[Any]) -> str:
    """Which operation the case is for."""
    found: str = case.operation.definition.raw["operationId"]
    return found


def is_valid(case: Case[Any]) -> bool:
    """Whether the case was made to fit the contract."""
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.deserializer(*YAML_MEDIA_TYPES)
def read_yaml(_context: DeserializationContext, response: Response) -> Any:
    """As Schemathesis does it, but only once: the contract takes half a second."""
    return _yaml(response.content)


@cache
def _yaml(content: bytes) -> Any:
    return yaml.safe_load(content)


@schemathesis.check
def known_refusal(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Where a valid request is refused, it is for a reason that the contract has a code for."""
    codes = REFUSALS.get(operation_id(case), {}).get(response.status_code)
    is_json = response.headers.get("content-type", [""])[0].startswith(JSON)
    if codes is None or not is_valid(case) or not is_json:
        return
    answered_codes = set(_codes(response.json()))
    assert answered_codes, "no error code"
    assert answered_codes <= codes, f"{answered_codes - codes} for a valid request"


def _codes(error: Mapping[str, Any]) -> Iterator[str]:
    """The codes of an error, and of the rows in it."""
    for name, value in error.items():
        if name == "error_code":
            yield value
        elif isinstance(value, Mapping):
            yield from _codes(value)


@schemathesis.hook
def filter_case(_context: HookContext, case: Case[Any]) -> bool:
    """Whether a case that fits the schemas is within the bounds of all JSON, too.

    The contract has them in words: no schema can tell how long the integers may be in a key that
    it does not know.
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
        """Count what the response has, for `tests.promises`."""
        kind = response.headers.get("content-type", [""])[0]
        status, content = response.status_code, response.content
        collector().count(case.operation.method, case.operation.path, status, kind, content)


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Log out of a session that was opened for this request alone, with its token.

    The run goes on in the other one. A request that can't log out stays as it is.
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
    """Whether it is one. A link that we did not sign leads nowhere, so its answer is 404.

    `ignored_auth` wants 401 or 403 for a wrong token, and can't be told otherwise.
    """
    return not (
        operation_id(case) in OFFERS
        and isinstance(failure, IgnoredAuth)
        and failure.scenario is AuthScenario.INVALID_AUTH
        and "got `404 Not Found`" in failure.message
    )


def varied(choice: Choice | None) -> FlatmapCase:
    """A hook that varies each case: a media type that its operation offers, and a cache-buster.

    So there is more than one request for operations without parameters, too. Requests to cancel
    and to return are mostly about what there is, if it is known.
    """

    bodies = _bodies(choice) if choice else {}
    numbers = st.integers(min_value=0)

    def flatmap_case(_context: HookContext, case: Case[Any]) -> st.SearchStrategy[Case[Any]]:
        def vary(accept: str, number: int, body: Any) -> Case[Any]:
            case.headers["Accept"], case.query["_"] = accept, str(number)
            if body is not None:
                case.body = body
                # Keys that are made up are often the same, and good for one request alone.
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
    # Whoever wants a page gets JSON where there is none.
    return st.sampled_from(["*/*", *offered, *([HTML] if JSON in offered else [])])


def _bodies(choice: Choice) -> dict[str, st.SearchStrategy[Any]]:
    """By operation; every fifth body stays as it was made up (None)."""
    one, other, last = (replace(choice, own=share) for share in choice.own.shares(3))
    made = (drafts(one), bulks(other), bulks(last))
    single, bulk, of_order = (one_in(5, st.none(), item) for item in made)
    return {**dict.fromkeys(SINGLE, single), **dict.fromkeys(BULK, bulk), OF_ORDER: of_order}


class LinkHolder:
    """Somebody who has mailed links, and no session."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def get(self, case: Case[Any], _context: AuthContext) -> str | None:
        """The token for the line, or where there is none, that for another one."""
        tokens = self._tokens.get(operation_id(case))
        if tokens is None:
            return None
        return tokens.get(str(case.path_parameters["pk"]), next(iter(tokens.values())))

    def set(self, case: Case[Any], data: str, _context: AuthContext) -> None:
        """Follow the link."""
        case.query["token"] = data
