"""What the authorization matrix is there for is noticed by it."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from faults.authorization import Matrix, Operation
from faults.owners import Belongings, Identity, Owner
from faults.recipes import RECIPES
from handlers.contract.bundle import load_contract
from tests.builders import make_order, make_user

ORDER, OTHER_ORDER = 7, 8
OPERATION = Operation("getUserOrder", "GET", "/users/orders/{pk}/", [{"SessionCookie": []}])
NOBODY = Identity("nobody")
AYLA = Identity("ayla", "SessionCookie", {"Cookie": "ayla"}, owns="ayla", sees=frozenset({"ayla"}))


def make_owner(name: str, order: int) -> Owner:
    belongings = Belongings(order, f"{order}", order, {}, uuid4())
    words = frozenset({f"word-of-{name}".encode()})
    return Owner(name, make_user(), make_order(), belongings, words)


def answer(request: httpx.Request) -> httpx.Response:
    """As it should be: 401 for nobody, and an order for whose it is."""
    if "cookie" not in request.headers:
        return httpx.Response(401)
    if request.url.path == f"/users/orders/{ORDER}/":
        return httpx.Response(200, text="word-of-ayla")
    return httpx.Response(404, text="Not found.")


def failures(answering: Any) -> list[str]:
    """Of a matrix of nobody and one owner, asking for the things of two."""
    owners = [make_owner("ayla", ORDER), make_owner("bora", OTHER_ORDER)]
    town: Any = SimpleNamespace(owners=owners, identities=[NOBODY, AYLA], reason=1)
    matrix = Matrix(town, owners)
    with httpx.Client(transport=httpx.MockTransport(answering), base_url="http://x") as client:
        matrix.strangers(client, OPERATION)
        matrix.own(client, OPERATION)
    assert matrix.asked == 4
    return matrix.failures


def test_nothing_is_told_where_all_is_right() -> None:
    assert failures(answer) == []


def test_a_word_of_another_is_noticed() -> None:
    def leaking(request: httpx.Request) -> httpx.Response:
        told = answer(request)
        told.headers["x-seen"] = "word-of-bora"
        return told

    assert len(failures(leaking)) == 4


@pytest.mark.parametrize("status", [200, 403, 404])
def test_who_is_not_refused_is_noticed(status: int) -> None:
    def open_to_all(request: httpx.Request) -> httpx.Response:
        return answer(request) if "cookie" in request.headers else httpx.Response(status)

    assert len(failures(open_to_all)) == 2


def test_another_answer_for_what_is_there_is_noticed() -> None:
    def telling(request: httpx.Request) -> httpx.Response:
        is_there = request.url.path == f"/users/orders/{OTHER_ORDER}/"
        return httpx.Response(404, text="Not yours.") if is_there else answer(request)

    assert len(failures(telling)) == 2  # nobody should have got 401


def test_every_operation_is_asked() -> None:
    assert set(RECIPES) == set(load_contract().resources)
