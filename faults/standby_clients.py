"""Clients of a server that reads standbys: they change an order and read it at once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from threading import Event
from time import monotonic, sleep

import httpx

from faults.environment import Environment
from faults.threads import running
from handlers.auth.cookies import session_cookie
from handlers.auth.session_cookies import new_csrf_token
from tests.support.builders import make_item, make_product, make_seller
from tests.support.server import Server

REQUESTS = "/users/orders/cancellation_requests/"
LINES = 20
_PAUSE_SECONDS = 0.02
_OK, _UNAVAILABLE = httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE


class Shopper:
    """A shopper with orders of several lines, and one client with a session.

    ``by`` is how the client sends the session: `cookies` (it stores cookies as browsers do),
    `session` (it sends the session's cookie and stores none) or `key`.
    """

    def __init__(self, environment: Environment, server: Server, by: str, orders: int = 1) -> None:
        shop = environment.shop
        self._environment = environment
        self._server = server
        self.user = shop.user()
        self.seller = make_seller()
        product = make_product()
        self.orders = [
            shop.order(
                self.user,
                items=[
                    make_item(line=line, seller=self.seller, product=product)
                    for line in range(1, LINES + 1)
                ],
            )
            for _ in range(orders)
        ]
        self.reason = shop.reason().pk
        self.client = self.new_client(by)

    def new_client(self, by: str) -> httpx.Client:
        """A client with a new session."""
        session = self._environment.shop.session(self.user)
        token = new_csrf_token(session, self._environment.settings)
        self._environment.secrets |= {session, token}
        name = session_cookie(self._environment.settings)
        headers = {
            "cookies": {"x-csrftoken": token},
            "session": {"Cookie": f"{name}={session}; csrftoken={token}", "x-csrftoken": token},
            "key": {"Authorization": f"Session {session}"},
        }[by]
        client = self._environment.client(self._server, headers)
        if by == "cookies":
            client.cookies.set(name, session, domain="127.0.0.1")
            client.cookies.set("csrftoken", token, domain="127.0.0.1")
        return client

    def cancel(self, item_pk: int, client: httpx.Client | None = None) -> httpx.Response:
        """Cancel a line."""
        row = {"order_item": item_pk, "reason": self.reason, "cancellation_type": "cancel"}
        key = {"Idempotency-Key": f"cancel-{item_pk}"}
        return (client or self.client).post(REQUESTS, json=row, headers=key)

    def cancelled(self, order_pk: int, client: httpx.Client | None = None) -> set[int]:
        """The pks of the lines that the order shows as cancelled. Raises HTTPStatusError."""
        return cancelled_in((client or self.client).get(detail(order_pk)).raise_for_status())


def detail(order_pk: int) -> str:
    """The path of an order."""
    return f"/users/orders/{order_pk}/"


def cancelled_in(response: httpx.Response) -> set[int]:
    """The pks of the lines that a response shows as cancelled."""
    return {
        item["pk"]
        for item in response.json()["orderitem_set"]
        if item["active_cancellation_request"]
    }


@dataclass
class Reads:
    """The responses to a client that only reads; times are of the monotonic clock."""

    ok: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def longest_gap(self, since: float = 0.0) -> float:
        """The longest time, in seconds, between two responses that have succeeded after ``since``.

        Infinite if none has.
        """
        ok = [since, *(at for at in self.ok if at > since)] if since else self.ok
        gaps = (later - at for at, later in pairwise(ok))
        return max(gaps, default=float("inf"))


@contextmanager
def reading(shoppers: Sequence[Shopper]) -> Iterator[list[Reads]]:
    """Read the first order of each shopper, repeatedly, during the block."""
    ended = Event()
    all_reads = [Reads() for _ in shoppers]
    readers = [
        partial(_read, shopper, reads, ended)
        for shopper, reads in zip(shoppers, all_reads, strict=True)
    ]
    with running(readers, ended.set):
        yield all_reads


def _read(shopper: Shopper, reads: Reads, ended: Event) -> None:
    path = detail(shopper.orders[0].pk)
    while not ended.is_set():
        try:
            response = shopper.client.get(path)
        except httpx.TransportError as error:
            reads.failures.append(f"read: {error!r}")
            continue
        reads.statuses[response.status_code] += 1
        if response.status_code == _OK:
            reads.ok.append(monotonic())
        elif response.status_code != _UNAVAILABLE or "Retry-After" not in response.headers:
            reads.failures.append(f"read: {response.status_code} {response.text[:200]}")
        sleep(_PAUSE_SECONDS)
