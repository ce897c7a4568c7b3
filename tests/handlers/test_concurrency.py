"""Concurrent clients of a server with two workers, and of a server that is killed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.accounts.users import User
from domain.cancellations.requests import CancellationRequestQuery
from domain.orders.cancellations import CancellationReason, CancellationRequest
from domain.shared.paging import PageRequest
from handlers.auth.session_cookies import new_csrf_token
from handlers.settings import Settings
from handlers.web.request_context import Database
from tests.support.application import Shop
from tests.support.builders import make_lines
from tests.support.server import SECRET, Serve, Server

SINGLE = "/users/orders/cancellation_requests/"
BULK = "/users/orders/bulk_cancellation_requests/"
PARALLEL_POSTS = 32
UNTIL_KILLED = 1.0

NewClient = Callable[[Server], httpx.Client]


@pytest.fixture
def reason(shop: Shop) -> CancellationReason:
    return shop.reason()


@pytest.fixture
def new_client(shop: Shop, shopper: User, settings: Settings) -> Iterator[NewClient]:
    """Creates clients of the shopper, all with one session."""
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
    """The body to cancel one unit."""
    return {
        "order_item": item_pk,
        "reason": reason.pk,
        "cancellation_type": "cancel",
        "quantity": 1,
    }


def all_requests(database: Database) -> list[CancellationRequest]:
    with database.reading() as uow:
        return uow.cancellation_requests.requests(
            CancellationRequestQuery(), PageRequest(limit=10_000)
        )


def test_parallel_posts_with_one_key_open_one_request(
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
        responses = list(pool.map(post, clients))

    assert {(response.status_code, response.content) for response in responses} == {
        (200, responses[0].content)
    }
    assert sum("idempotent-replay" not in response.headers for response in responses) == 1
    assert len(all_requests(shop.database)) == 1


def post_until_it_is_dead(
    client: httpx.Client, item_pks: list[int], reason: CancellationReason
) -> list[list[int]]:
    """Cancel every line once, in turn one and three; return the acknowledged pks by request."""
    acknowledged: list[list[int]] = []
    left = item_pks
    while left:
        count = 3 if len(acknowledged) % 2 else 1
        rows, left = [draft(pk, reason) for pk in left[:count]], left[count:]
        body = rows[0] if count == 1 else {"cancel_order_items": rows}
        try:
            response = client.post(SINGLE if count == 1 else BULK, json=body)
        except httpx.TransportError:
            break
        document = response.json()
        acknowledged.append([request["pk"] for request in (document if count > 1 else [document])])
    return acknowledged


def test_a_killed_server_loses_no_acknowledged_request(
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
        acknowledged = [pks for thread in posting for pks in thread.result()]

    restarted = new_client(serve(**SECRET))
    first, stored = restarted.get(SINGLE), all_requests(shop.database)
    assert first.json()["count"] == len(stored)
    assert acknowledged
    assert {pk for entry in acknowledged for pk in entry} <= {entry.pk for entry in stored}
    requested = [entry.order_item_pk for entry in stored]
    assert len(requested) == len(set(requested))
    assert_whole(lines, set(requested))


def assert_whole(lines: list[list[int]], requested: set[int]) -> None:
    """Requests for 1, 3, 1, 3, … lines are stored whole; only the last ones may be missing."""
    for item_pks in lines:
        done = [pk in requested for pk in item_pks]
        count = sum(done)
        assert done == [True] * count + [False] * (len(done) - count)
        assert count % 4 in (0, 1)
