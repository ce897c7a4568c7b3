"""A check for Schemathesis: a caller gets own orders, and no foreign ones."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import schemathesis
from schemathesis import Case, CheckContext, Response

# The kind of documents in the responses of an operation.
KINDS = {
    "listUserOrders": "orders",
    "getUserOrder": "orders",
    "getOrderCancellation": "orders",
    "listOldOrders": "old_orders",
    "getOldOrder": "old_orders",
}
DETAILS = ("getUserOrder", "getOrderCancellation", "getOldOrder")
_PK = re.compile(r"/(\d{1,18})/")


@schemathesis.check
class Ownership:
    """Checks a run of the caller with ``session`` and the pk ``user``, or of an anonymous caller.

    ``own`` and ``foreign`` are the pks of the caller's documents and of others', by kind; both
    have to be requested ``enough`` times.
    """

    def __init__(
        self,
        session: str | None = None,
        user: int | None = None,
        *,
        is_guest: bool = False,
        own: Mapping[str, list[int]] | None = None,
        foreign: Mapping[str, list[int]] | None = None,
        enough: int = 5,
    ) -> None:
        self._session = session
        self._user = user
        self._is_guest = is_guest
        self._own = own or {}
        self._foreign = foreign or {}
        self._enough = enough
        self._tried: Counter[tuple[str, bool]] = Counter()

    def after_response(self, _ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """Raises AssertionError for a foreign document, and for a wrong status."""
        operation_id = case.operation.definition.raw["operationId"]
        if operation_id not in KINDS or response.request.method != "GET":
            return
        kind = KINDS[operation_id]
        if self._session is None or self._session not in response.request.headers.get("Cookie", ""):
            assert response.status_code >= 400, "success without the session"
            return
        for document in _documents(response):
            assert document["user"] == self._user, f"an order of user {document['user']}"
            assert document["pk"] in self._own[kind], f"foreign {kind}: {document['pk']}"
        pk = _requested_pk(response)
        is_own = pk in self._own[kind]
        if is_own or pk in self._foreign[kind]:
            self._tried[operation_id, is_own] += 1
            expected = self._expected_status(operation_id, is_own=is_own)
            assert response.status_code == expected, f"{expected} was expected for {pk}"

    def after_run(self, _ctx: CheckContext) -> None:
        """Raises AssertionError where own or foreign pks were requested too seldom."""
        for tried in product(DETAILS, (True, False)) if self._session else ():
            assert self._tried[tried] >= self._enough, f"{tried}: {self._tried[tried]} times only"

    def _expected_status(self, operation_id: str, *, is_own: bool) -> int:
        """Guests get their newest order for any pk, and no old orders."""
        if self._is_guest:
            return 404 if operation_id == "getOldOrder" else 200
        return 200 if is_own else 404


def _documents(response: Response) -> Iterator[dict[str, Any]]:
    if response.status_code == 200:
        body = response.json()
        yield from body["results"] if "results" in body else [body.get("data", body)]


def _requested_pk(response: Response) -> int | None:
    found = _PK.search(urlsplit(str(response.request.url)).path)
    return int(found[1]) if found else None
