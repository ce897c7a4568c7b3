"""Sends every example of the document to a sandbox, and compares the documented response."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

import pytest

from handlers.contract.document.bundle import load_contract
from tests.support.sandbox_clients import Callers
from tests.support.sandbox_exchanges import Examples, Exchange, differences

# Patterns of JSON pointers, by operation, where a response can't equal its example, and why.
RANDOM = "drawn at random"
ONE_REQUEST = {"/uuid": RANDOM, "/easy_return/code": RANDOM}
EVERY_REQUEST = {"/?/uuid": RANDOM, "/?/easy_return/code": RANDOM}
KEYS = {"/key": RANDOM, "/csrf_token": RANDOM}
UNAVOIDABLE: dict[str, dict[str, str]] = {
    "createCancellationRequest": ONE_REQUEST,
    "createAnonymousCancellationRequest": ONE_REQUEST,
    "cancelOrder": {"/?/uuid": RANDOM},
    "createBulkCancellationRequests": EVERY_REQUEST,
    "createAnonymousBulkCancellationRequests": EVERY_REQUEST,
    "createHandover": {"/url": RANDOM},
    "getCsrfToken": {"/csrf_token": RANDOM},
    "logIn": KEYS,
    "lookUpAnonymousOrder": KEYS,
}
# Examples of parameters that can't be sent, and why.
UNSENDABLE = {"x-csrftoken": "a token is good for one session, with which it was drawn at random"}
EXAMPLES = Examples(load_contract(more=["sandbox.yaml"]).document)


def unexplained(operation_id: str, pointers: Iterable[str]) -> list[str]:
    """The pointers that match no pattern of UNAVOIDABLE."""
    patterns = UNAVOIDABLE.get(operation_id, {})
    return [
        pointer
        for pointer in pointers
        if not any(fnmatchcase(pointer, pattern) for pattern in patterns)
    ]


class TestExamples:
    @pytest.mark.parametrize("exchange", list(EXAMPLES.exchanges()), ids=str)
    def test_gets_the_documented_response(self, callers: Callers, exchange: Exchange) -> None:
        response = callers.send(exchange)

        assert response.status_code in exchange.statuses, response.text
        if exchange.pointer is not None:
            places = list(differences(exchange.response, response.json()))
            assert not unexplained(exchange.operation_id, places)

    @pytest.mark.no_cover  # the same lines, hundreds of times
    @pytest.mark.parametrize(
        "exchanges",
        list(EXAMPLES.with_parameters()),
        ids=lambda exchanges: exchanges[0].operation_id,
    )
    def test_every_example_of_a_parameter_is_accepted(
        self, callers: Callers, exchanges: list[Exchange]
    ) -> None:
        refused = []
        for exchange in exchanges:
            if exchange.parameters[-1][0] in UNSENDABLE:
                continue
            callers.reset()
            response = callers.send(exchange)
            if response.status_code not in exchange.statuses:
                refused.append((exchange.parameters[-1], response.status_code, response.text))

        assert not refused

    def test_every_listed_difference_occurs(self, callers: Callers) -> None:
        places = {name: set[str]() for name in UNAVOIDABLE}
        for exchange in EXAMPLES.exchanges():
            if exchange.operation_id in UNAVOIDABLE and exchange.pointer:
                callers.reset()
                response = callers.send(exchange).json()
                places[exchange.operation_id].update(differences(exchange.response, response))

        unmet = {
            (name, pattern)
            for name, patterns in UNAVOIDABLE.items()
            for pattern in patterns
            if not any(fnmatchcase(pointer, pattern) for pointer in places[name])
        }

        assert not unmet
