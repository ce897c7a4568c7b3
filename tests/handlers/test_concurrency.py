"""Many clients of one server with two workers, and a server that is killed: nothing is lost."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from random import Random
from threading import Barrier
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.accounts.users import User
from domain.cancellations.decisions import approve_request, reject_request
from domain.cancellations.requests import CancellationRequestQuery
from domain.orders.cancellations import CancellationReason, CancellationRequest, CancellationStatus
from domain.shared.errors import Refusal
from domain.shared.paging import PageRequest
from domain.unit_of_work import UnitOfWork
from handlers.auth.session_cookies import new_csrf_token
from handlers.settings import Settings
from handlers.web.request_context import Database
from tests.support.application import Shop
from tests.support.builders import make_lines
from tests.support.scale import RACE_SECONDS
from tests.support.server import SECRET, Serve, Server

SINGLE = "/users/orders/cancellation_requests/"
BULK = "/users/orders/bulk_cancellation_requests/"
CLIENTS = 16
PARALLEL_POSTS = 32
UNTIL_KILLED = 1.0
OPERATOR = "operator:test"

NewClient = Callable[[Server], httpx.Client]


@pytest.fixture
def reason(shop: Shop) -> CancellationReason:
    return shop.reason()


@pytest.fixture
def new_client(shop: Shop, shopper: User, settings: Settings) -> Iterator[NewClient]:
    """Opens clients of the shopper, all with one session."""
    session = shop.session(shopper)
    token = new_csrf_token(session, settings)
    headers = {"Cookie": f"sessionid={session}; csrftoken={token}", "x-csrftoken": token}
    opened: list[httpx.Client] = []

    def new(server: Server) -> httpx.Client:
        url = f"http://127.0.0.1:{server.port}"
        opened.append(httpx.Client(base_url=url, headers=headers, timeout=30))
        return opened[-1]

    yield new
    for client in opened:
        client.close()


def draft(item_pk: int, reason: CancellationReason) -> dict[str, Any]:
    """What cancels one unit."""
    return {
        "order_item": item_pk,
        "reason": reason.pk,
        "cancellation_type": "cancel",
        "quantity": 1,
    }


def all_requests(database: Database, **query: Any) -> list[CancellationRequest]:
    with database.reading() as uow:
        return uow.cancellation_requests.requests(
            CancellationRequestQuery(**query), PageRequest(limit=10_000)
        )


def ask(
    client: httpx.Client, item_pks: list[int], reason: CancellationReason, seed: int
) -> Counter[int]:
    """Ask for one unit or for three, until the time is up; returns how often which status came."""
    dice, until, statuses = Random(seed), monotonic() + RACE_SECONDS, Counter[int]()
    while monotonic() < until:
        if dice.random() < 0.7:
            answer = client.post(SINGLE, json=draft(dice.choice(item_pks), reason))
        else:
            rows = [draft(pk, reason) for pk in dice.sample(item_pks, 3)]
            answer = client.post(BULK, json={"cancel_order_items": rows})
        statuses[answer.status_code] += 1
    return statuses


def decide(database: Database) -> int:
    """Approve and reject what is open, until the time is up; returns how many were approved."""
    dice, until, approved = Random(1), monotonic() + RACE_SECONDS, 0

    def settle(service: Any, pk: int) -> Callable[[UnitOfWork], Any]:
        return lambda uow: service(pk, OPERATOR, uow)

    while monotonic() < until:
        for request in all_requests(database, status=CancellationStatus.OPEN):
            service = dice.choice((approve_request, reject_request))
            try:
                database.write(settle(service, request.pk))
            except Refusal:  # as Conflict, where somebody was quicker
                continue
            approved += service is approve_request
        sleep(0.05)
    return approved


def test_racing_clients_never_get_more_than_was_ordered(
    serve: Serve,
    new_client: NewClient,
    shop: Shop,
    shopper: User,
    reason: CancellationReason,
) -> None:
    orders = [shop.order(shopper, items=make_lines(2, 20)) for _ in range(3)]
    item_pks = [item.pk for order in orders for item in order.items]
    server = serve(WAYBILL_WORKERS="2", **SECRET)
    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        clients = [new_client(server) for _ in range(CLIENTS)]
        asking = [
            pool.submit(ask, client, item_pks, reason, seed) for seed, client in enumerate(clients)
        ]
        approved = pool.submit(decide, shop.database).result()
        statuses = sum((each.result() for each in asking), Counter[int]())

    assert set(statuses) <= {200, 201, 400, 406, 409}, statuses
    assert statuses[200] > 0 < approved
    requests = all_requests(shop.database)
    for item in chain.from_iterable(shop.stored_order(order).items for order in orders):
        own = [each for each in requests if each.order_item_pk == item.pk]
        off = [each for each in own if each.status is CancellationStatus.APPROVED]
        assert item.cancelled_quantity == len(off) <= item.quantity
        assert sum(each.is_open for each in own) <= 1


def test_one_key_opens_one_request(
    serve: Serve,
    new_client: NewClient,
    shop: Shop,
    shopper: User,
    reason: CancellationReason,
) -> None:
    order = shop.order(shopper, items=make_lines(1, 100))
    server = serve(WAYBILL_WORKERS="2", **SECRET)
    together = Barrier(PARALLEL_POSTS)
    body, headers = draft(order.items[0].pk, reason), {"Idempotency-Key": str(uuid4())}

    def post(client: httpx.Client) -> httpx.Response:
        together.wait()
        return client.post(SINGLE, json=body, headers=headers)

    with ThreadPoolExecutor(PARALLEL_POSTS) as pool:
        clients = [new_client(server) for _ in range(PARALLEL_POSTS)]
        answers = list(pool.map(post, clients))

    assert {(answer.status_code, answer.content) for answer in answers} == {
        (200, answers[0].content)
    }
    assert sum("idempotent-replay" not in answer.headers for answer in answers) == 1
    assert len(all_requests(shop.database)) == 1


def post_until_it_is_dead(
    client: httpx.Client, item_pks: list[int], reason: CancellationReason
) -> list[list[int]]:
    """Cancel each line once, by one or by three; returns what was acknowledged, by request."""
    acknowledged: list[list[int]] = []
    left = item_pks
    while left:
        count = 3 if len(acknowledged) % 2 else 1
        rows, left = [draft(pk, reason) for pk in left[:count]], left[count:]
        body = rows[0] if count == 1 else {"cancel_order_items": rows}
        try:
            answer = client.post(SINGLE if count == 1 else BULK, json=body)
        except httpx.TransportError:
            break
        told = answer.json()
        acknowledged.append([each["pk"] for each in (told if count > 1 else [told])])
    return acknowledged


def test_a_killed_server_forgets_nothing_that_it_acknowledged(
    serve: Serve,
    new_client: NewClient,
    shop: Shop,
    shopper: User,
    reason: CancellationReason,
) -> None:
    orders = [shop.order(shopper, items=make_lines(99, 1)) for _ in range(4)]
    lines = [[item.pk for item in order.items] for order in orders]
    server = serve(WAYBILL_WORKERS="2", **SECRET)
    with ThreadPoolExecutor(len(lines)) as pool:
        posting = [
            pool.submit(post_until_it_is_dead, new_client(server), item_pks, reason)
            for item_pks in lines
        ]
        sleep(UNTIL_KILLED)
        server.kill()
        acknowledged = [each for thread in posting for each in thread.result()]

    restarted = new_client(serve(**SECRET))
    first, stored = restarted.get(SINGLE), all_requests(shop.database)
    assert first.json()["count"] == len(stored)
    assert acknowledged
    assert {pk for each in acknowledged for pk in each} <= {each.pk for each in stored}
    asked = [each.order_item_pk for each in stored]
    assert len(asked) == len(set(asked))
    assert_whole(lines, set(asked))


def assert_whole(lines: list[list[int]], asked: set[int]) -> None:
    """Of each client's requests for 1, 3, 1, 3, … lines, the last may be there or not."""
    for item_pks in lines:
        done = [pk in asked for pk in item_pks]
        count = sum(done)
        assert done == [True] * count + [False] * (len(done) - count)
        assert count % 4 in (0, 1)
