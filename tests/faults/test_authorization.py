"""What an answer must not have, the matrix notices."""

from typing import Any

import pytest

from faults import authorization
from faults.authorization import Matrix
from faults.environment import Environment
from faults.identities import GRANT, KEY, SHOPPER, Identity, make_owner
from faults.operations import Operation
from faults.raw_client import TimedResponse
from tests.edge.exchange import Answer

SESSION = ({SHOPPER: list[str]()}, {KEY: list[str]()})
READ = Operation("getUserOrder", "GET", "/users/orders/{pk}/", SESSION)
WRITE = Operation("createCancellationRequest", "POST", "/users/orders/requests/", SESSION)
NOT_FOUND = Answer(404, {}, b"not found")


class Server:
    """Its answers are made up."""

    port = 0


@pytest.fixture
def matrix(environment: Environment) -> Matrix:
    mine, other = make_owner(environment, "ada"), make_owner(environment, "bora")
    cookie = {"Cookie": "sessionid=1"}
    server: Any = Server()
    people = [
        Identity("shopper", mine, other, SHOPPER, headers=cookie | {"x-csrftoken": "1"}),
        Identity("forged", mine, other, SHOPPER, headers=cookie),
        Identity("program", mine, other, KEY, SHOPPER, cookie | {"Authorization": "Session 1"}),
        Identity("guest", mine, other, KEY, GRANT, {"Authorization": "Session 1"}),
        Identity("nobody", mine, other),
    ]
    return Matrix(environment, server, people)


@pytest.mark.parametrize(
    ("who", "operation", "answers", "told"),
    [
        ("shopper", READ, [NOT_FOUND, NOT_FOUND], None),
        ("shopper", READ, [Answer(404, {}, b"of bora-alone"), NOT_FOUND], "sees"),
        ("shopper", READ, [Answer(200, {}, b""), NOT_FOUND], "200 to another's"),
        ("shopper", READ, [Answer(403, {}, b""), NOT_FOUND], "403 to another's, 404 to none"),
        ("shopper", READ, [Answer(500, {}, b"")] * 2, "500"),
        ("nobody", READ, [NOT_FOUND, NOT_FOUND], "who is not admitted"),
        ("nobody", READ, [Answer(401, {}, b"")] * 2, None),
        ("forged", WRITE, [Answer(400, {}, b"")] * 2, "without a token"),
        ("forged", WRITE, [Answer(403, {}, b"")] * 2, None),
        ("program", WRITE, [NOT_FOUND, NOT_FOUND], None),
        ("guest", WRITE, [NOT_FOUND, NOT_FOUND], "who is not admitted"),
        ("guest", READ, [Answer(401, {}, b"")] * 2, None),
    ],
)
def test_leaks_are_told(
    matrix: Matrix,
    monkeypatch: pytest.MonkeyPatch,
    who: str,
    operation: Operation,
    answers: list[Answer],
    told: str | None,
) -> None:
    given = iter(answers)
    monkeypatch.setattr(authorization, "exchange_sync", lambda *_: TimedResponse(next(given), 0))
    [asking] = [each for each in matrix.people if each.name == who]

    matrix.ask_about_others(operation, asking)

    assert told is None or any(told in each for each in matrix.failures)
    assert bool(matrix.failures) is (told is not None)
