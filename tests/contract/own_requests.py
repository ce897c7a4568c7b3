"""A check for Schemathesis: callers cancel, return, trade in and see only own lines."""

from collections import Counter
from collections.abc import Iterator
from itertools import product
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response

from tests.contract.hooks import BULK, OFFERS, SINGLE, Tokens, is_valid, operation_id


@schemathesis.check
class OwnRequests:
    """Checks a run of the caller with ``credential`` in a cookie, or of an anonymous caller.

    ``own`` and ``foreign`` are pks of order lines. ``tokens`` are those of mailed links, by
    operation and line; their holder may answer for the line. Own and foreign lines have to be
    requested ``enough`` times.
    """

    def __init__(
        self,
        credential: str | None = None,
        own: list[int] | None = None,
        foreign: list[int] | None = None,
        tokens: Tokens | None = None,
        enough: int = 5,
    ) -> None:
        self._credential = credential
        self._own = set(own or ())
        self._foreign = set(foreign or ())
        self._tokens = tokens or {}
        self._enough = enough
        self._tried: Counter[tuple[str, bool]] = Counter()

    def after_response(self, _ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """Raises AssertionError where a foreign object was shown or changed."""
        name = operation_id(case)
        if response.request.method != case.operation.method.upper():
            return
        if name in OFFERS and response.status_code == 200:
            pk = int(case.path_parameters["pk"])
            token = self._tokens.get(name, {}).get(str(pk))
            is_linked = token is not None and case.query.get("token") == token
            assert is_linked or self._may(response, pk), f"{name}: line {pk} for a stranger"
        elif name == "lookUpAnonymousOrder" and response.status_code == 200:
            _check_found(response, case.body)
        elif name in SINGLE | BULK or name == "listCancellationRequests":
            self._check_requests(name, response, case)

    def after_run(self, _ctx: CheckContext) -> None:
        """Raises AssertionError where own or foreign lines were requested too seldom."""
        for tried in product({name for name, _ in self._tried}, (True, False)):
            if self._credential:
                assert self._tried[tried] >= self._enough, (
                    f"{tried}: {self._tried[tried]} times only"
                )

    def _check_requests(self, name: str, response: Response, case: Case[Any]) -> None:
        for request in _requests(response):
            assert self._may(response, request["order_item"]), f"request {request['pk']}"
        if name not in SINGLE | BULK or not is_valid(case):
            return
        named = set(_named(case.body))
        for is_own, pks in ((True, self._own), (False, self._foreign)):
            self._tried[name, is_own] += bool(named & pks)
        if named & self._foreign:
            assert response.status_code >= 400, "a foreign line was accepted"

    def _may(self, response: Response, pk: int) -> bool:
        if self._credential is None or pk not in self._own:
            return False
        return self._credential in str(response.request.headers.get("Cookie", ""))


def _requests(response: Response) -> Iterator[dict[str, Any]]:
    if response.status_code < 300:
        body = response.json()
        yield from body if isinstance(body, list) else body.get("results", [body])


def _named(body: Any) -> Iterator[int]:
    """The lines that a valid body names."""
    for row in body.get("cancel_order_items", [body]):
        yield int(row["order_item"])


def _check_found(response: Response, body: Any) -> None:
    """Raises AssertionError for an order with another number or e-mail than the request's."""
    [order] = response.json()["results"]
    assert order["number"] == (body.get("order") or body["number"])
    assert order["user_email"].casefold() == body["email"].casefold()
