"""The requests that servers are measured by."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from benchmarks.shop import Shop, seller_headers

LIST = "list page"
DETAIL = "detail"
OLD_ORDERS = "old-orders page"
SELLER_ORDERS = "seller orders, filtered"
CROWD = "list page of another"
CREATE = "create cancellation request"
REJECT = "seller reject"
APPROVE = "approve request"
COMPLETE = "complete request"
COLD_LIST = "cold list page"
COLD_DETAIL = "cold detail"
CHANGED = "first read of a changed order"
MIX = "shop mix"

PAGE = 12
MIXED = [DETAIL, COLD_DETAIL, LIST, DETAIL, SELLER_ORDERS, DETAIL, LIST, COLD_DETAIL, DETAIL, LIST]
MIXED += [DETAIL, CREATE, DETAIL, COLD_DETAIL, LIST, SELLER_ORDERS, DETAIL, COLD_DETAIL, LIST]
MIXED += [DETAIL]
"""Of twenty requests 12 are details, 4 of them cold, 5 lists, 2 sellers' lists, 1 a create."""


@dataclass(frozen=True)
class Request:
    """A GET, or with a ``body`` a POST."""

    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True)
class Workload:
    """Requests, sent in a cycle unless ``is_once``.

    ``connections`` overrides the number of the run. ``length`` multiplies the seconds of a turn.
    """

    name: str
    requests: Sequence[Request]
    is_once: bool = False
    connections: int | None = None
    length: int = 1

    @property
    def path(self) -> str:
        """The path of the first request."""
        return self.requests[0].path

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the first request."""
        return self.requests[0].headers

    @property
    def is_write(self) -> bool:
        """Whether the requests are POSTs."""
        return self.requests[0].body is not None

    def part(self, start: int, end: int | None = None) -> "Workload":
        """A workload with a slice of the requests."""
        return replace(self, requests=self.requests[start:end])

    def portions(self, count: int) -> list["Workload"]:
        """Split the requests into ``count`` workloads."""
        size = len(self.requests) // count
        return [self.part(at * size, (at + 1) * size) for at in range(count)]


@dataclass(frozen=True)
class Mix:
    """Several workloads; each connection sends one request of each of ``turns``, repeatedly.

    Turns are long, since a slow server needs a while for all of them.
    """

    name: str
    workloads: Sequence[Workload]
    turns: Sequence[int]
    connections: int | None = None
    length: int = 2

    def portions(self, count: int) -> list["Mix"]:
        """Split the mix into ``count``, each with a share of the requests that are sent once."""
        shares = [
            workload.portions(count) if workload.is_once else [workload] * count
            for workload in self.workloads
        ]
        return [replace(self, workloads=part) for part in zip(*shares, strict=True)]


@dataclass(frozen=True)
class Workloads:
    """All workloads of a fixture."""

    reads: list[Workload]
    create: Workload
    reject: Workload
    changed: Workload
    cold_list: Workload
    cold_detail: Workload
    mix: Mix


def read(name: str, path: str, headers: Mapping[str, str]) -> Workload:
    """A single GET."""
    return Workload(name, [Request(path, headers)])


def make_workloads(shop: Shop) -> Workloads:
    """The workloads: 60 % of the cancellable items are for creates, 30 % for the mix."""
    listed, detail, old_orders, seller_orders = reads(shop)
    items = shop.cancellable_items
    mixed, rejected = len(items) * 6 // 10, len(items) * 9 // 10
    creates = _creates(shop, items)
    cold_list, cold_detail = _cold(shop)
    parts = [detail, cold_detail, listed, seller_orders, creates.part(mixed, rejected)]
    places = {part.name: place for place, part in enumerate(parts)}
    return Workloads(
        reads=[listed, detail, old_orders, seller_orders],
        create=creates.part(0, mixed),
        reject=_rejects(shop, items[rejected:]),
        changed=Workload(CHANGED, list(_details(shop, [shop.users[0]])), True, 1),
        cold_list=cold_list,
        cold_detail=cold_detail,
        mix=Mix(MIX, parts, [places[name] for name in MIXED]),
    )


def reads(shop: Shop) -> list[Workload]:
    """The read-only workloads."""
    shopper = _shopper(shop.reader_session)
    newest = next(order for order in shop.orders if order["user"] == shop.users[0][0])
    filters = "status=600&amount__gte=100.00&date_placed__gte=2025-01-01T00%3A00%3A00Z"
    seller = seller_headers(shop.busiest_seller.token)
    return [
        read(LIST, f"/users/orders/?limit={PAGE}", shopper),
        read(DETAIL, f"/users/orders/{newest['pk']}/", shopper),
        read(OLD_ORDERS, f"/users/old-orders/?limit={PAGE}", shopper),
        read(SELLER_ORDERS, f"/api/i1/orders/?{filters}", seller),
    ]


def crowd(shop: Shop) -> Workload:
    """The list page of a shopper whose orders are in all states."""
    return read(CROWD, "/users/orders/?limit=24", _shopper(shop.users[-1][2]))


def _cold(shop: Shop) -> tuple[Workload, Workload]:
    """Pages and details of orders that no other workload reads; an order is in one of the two.

    A third of the shoppers has the pages; the writer has the details that are read last.
    """
    _, writer, *others = shop.users
    paged, detailed = others[::3], [user for at, user in enumerate(others) if at % 3]
    pages = [
        Request(f"/users/orders/?limit={PAGE}&page={page}", _shopper(session))
        for pk, _, session in paged
        for page in range(1, len(shop.orders_of[pk]) // PAGE + 1)
    ]
    details = list(_details(shop, [*detailed, writer]))
    return Workload(COLD_LIST, pages, True, 1), Workload(COLD_DETAIL, details, is_once=True)


def _details(shop: Shop, users: Sequence[tuple[int, str, str]]) -> Iterator[Request]:
    sessions = {pk: session for pk, _, session in users}
    for user, session in sessions.items():
        for pk in shop.orders_of[user]:
            yield Request(f"/users/orders/{pk}/", _shopper(session))


def _creates(shop: Shop, items: Sequence[int]) -> Workload:
    """Requests to cancel one unit of each item; a second request for an item would be refused."""
    token = shop.writer_csrf_token
    headers = {
        "Cookie": f"sessionid={shop.writer_session}; csrftoken={token}",
        "X-CSRFToken": token,
        "Content-Type": "application/json",
    }
    draft: dict[str, Any] = {
        "reason": shop.cancel_reason,
        "cancellation_type": "cancel",
        "quantity": 1,
    }
    path = "/users/orders/cancellation_requests/"
    bodies = (orjson.dumps({"order_item": item, **draft}) for item in items)
    return Workload(CREATE, [Request(path, headers, body) for body in bodies], is_once=True)


def _rejects(shop: Shop, items: Sequence[int]) -> Workload:
    """Requests of sellers to reject each of their items."""
    headers = {seller.pk: seller_headers(seller.token) for seller in shop.sellers}
    sold = [shop.sold_items[item] for item in items if item in shop.sold_items]
    return Workload(
        REJECT,
        [
            Request(f"/api/i1/order-items/{uuid}/reject/", headers[seller], b"{}")
            for seller, uuid in sold
        ],
        is_once=True,
    )


def _shopper(session: str) -> dict[str, str]:
    return {"Cookie": f"sessionid={session}"}
