"""A check for Schemathesis: sellers see and reject only own items."""

from collections import Counter
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response

from tests.contract.hooks import operation_id


@schemathesis.check
class SellerOwnership:
    """Checks a run of the seller with ``token``; without one it checks nothing about sellers.

    ``own`` and ``foreign`` are the UUIDs of order items. Both have to be requested ``enough``
    times. No response may have a UUID in ``hidden``, which are of another seller.
    """

    def __init__(
        self,
        token: str | None = None,
        own: list[str] | None = None,
        foreign: list[str] | None = None,
        hidden: list[str] | None = None,
        enough: int = 5,
    ) -> None:
        self._token = token
        self._own = set(own or ())
        self._foreign = set(foreign or ())
        self._hidden = hidden or ()
        self._enough = enough
        self._tried: Counter[bool] = Counter()

    def after_response(self, _ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """Raises AssertionError where a foreign object was shown or changed."""
        assert not any(uuid in response.text for uuid in self._hidden), (
            "another seller's object was shown"
        )
        if self._token is None or response.request.method != case.operation.method.upper():
            return
        is_admitted = response.status_code < 400
        shown = [response.request.headers.get(name) for name in ("Authorization", "Authentication")]
        assert self._token in map(str, shown) or not is_admitted, "success without the token"
        if operation_id(case) == "rejectSellerOrderItem":
            item = str(case.path_parameters["orderitem_id"]).lower()
            assert item in self._own or not is_admitted, f"{item} was rejected by a stranger"
            for is_own, known in ((True, self._own), (False, self._foreign)):
                self._tried[is_own] += item in known

    def after_run(self, _ctx: CheckContext) -> None:
        """Raises AssertionError where own or foreign items were requested too seldom."""
        for is_own in (True, False) if self._token else ():
            assert self._tried[is_own] >= self._enough, f"{is_own}: {self._tried[is_own]} times"
