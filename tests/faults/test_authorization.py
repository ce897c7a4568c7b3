"""The matrix reports responses that leak."""

from typing import Any

import pytest

from faults import authorization
from faults.authorization import Matrix
from faults.environment import Environment
from faults.identities import GRANT, KEY, SHOPPER, Identity, make_owner
from faults.operations import Operation
from faults.raw_client import TimedResponse
from tests.edge.exchange import RawResponse

SESSION = ({SHOPPER: list[str]()}, {KEY: list[str]()})
READ = Operation("getUserOrder", "GET", "/users/orders/{pk}/", SESSION)
WRITE = Operation("createCancellationRequest", "POST", "/users/orders/requests/", SESSION)
NOT_FOUND = RawResponse(404, {}, b"not found")


class Server:
    """Its responses are fakes."""

    port = 0


@pytest.fixture
def matrix(environment: Environment) -> Matrix:
    own, foreign = make_owner(environment, "ada"), make_owner(environment, "bora")
    cookie = {"Cookie": "sessionid=1"}
    server: Any = Server()
    people = [
        Identity("shopper", own, foreign, SHOPPER, headers=cookie | {"x-csrftoken": "1"}),
        Identity("forged", own, foreign, SHOPPER, headers=cookie),
        Identity("program", own, foreign, KEY, SHOPPER, cookie | {"Authorization": "Session 1"}),
        Identity("guest", own, foreign, KEY, GRANT, {"Authorization": "Session 1"}),
        Identity("anonymous", own, foreign),
    ]
    return Matrix(environment, server, people)


@pytest.mark.parametrize(
    ("name", "operation", "responses", "failure"),
    [
        ("shopper", READ, [NOT_FOUND, NOT_FOUND], None),
        ("shopper", READ, [RawResponse(404, {}, b"of bora-alone"), NOT_FOUND], "sees"),
        ("shopper", READ, [RawResponse(200, {}, b""), NOT_FOUND], "200 to foreign"),
        ("shopper", READ, [RawResponse(403, {}, b""), NOT_FOUND], "403 to foreign, 404 to absent"),
        ("shopper", READ, [RawResponse(500, {}, b"")] * 2, "500"),
        ("anonymous", READ, [NOT_FOUND, NOT_FOUND], "not admitted"),
        ("anonymous", READ, [RawResponse(401, {}, b"")] * 2, None),
        ("forged", WRITE, [RawResponse(400, {}, b"")] * 2, "without a token"),
        ("forged", WRITE, [RawResponse(403, {}, b"")] * 2, None),
        ("program", WRITE, [NOT_FOUND, NOT_FOUND], None),
        ("guest", WRITE, [NOT_FOUND, NOT_FOUND], "not admitted"),
        ("guest", READ, [RawResponse(401, {}, b"")] * 2, None),
    ],
)
def test_leaks_are_reported(
    matrix: Matrix,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    operation: Operation,
    responses: list[RawResponse],
    failure: str | None,
) -> None:
    remaining = iter(responses)
    monkeypatch.setattr(
        authorization, "exchange_sync", lambda *_: TimedResponse(next(remaining), 0)
    )
    [identity] = [identity for identity in matrix.identities if identity.name == name]

    matrix.probe_foreign(operation, identity)

    assert failure is None or any(failure in reported for reported in matrix.failures)
    assert bool(matrix.failures) is (failure is not None)
