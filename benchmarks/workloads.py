"""What is asked of the servers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from benchmarks.shop import Shop, seller_headers

LIST = "list page"
DETAIL = "detail"
OLD_ORDERS = "old-orders page"
SELLER_ORDERS = "seller orders, filtered"
CROWD = "list page of another"
CREATE = "create cancellation request"


@dataclass(frozen=True)
class Workload:
    """One request, or several of which each can be sent only once (``bodies`` of POSTs)."""

    name: str
    path: str
    headers: Mapping[str, str]
    bodies: list[bytes] = field(default_factory=list)

    @property
    def is_write(self) -> bool:
        """Whether it changes what is there."""
        return bool(self.bodies)


def reads(shop: Shop) -> list[Workload]:
    """The workloads that change nothing."""
    shopper = {"Cookie": f"sessionid={shop.reader_session}"}
    newest = next(order for order in shop.orders if order["user"] == shop.users[0][0])
    filters = "status=600&amount__gte=100.00&date_placed__gte=2025-01-01T00%3A00%3A00Z"
    return [
        Workload(LIST, "/users/orders/?limit=12", shopper),
        Workload(DETAIL, f"/users/orders/{newest['pk']}/", shopper),
        Workload(OLD_ORDERS, "/users/old-orders/?limit=12", shopper),
        Workload(
            SELLER_ORDERS, f"/api/i1/orders/?{filters}", seller_headers(shop.busiest_seller.token)
        ),
    ]


def crowd(shop: Shop) -> Workload:
    """The list page of somebody whose orders have seen all that can happen to orders."""
    headers = {"Cookie": f"sessionid={shop.users[-1][2]}"}
    return Workload(CROWD, "/users/orders/?limit=24", headers)


def create(shop: Shop) -> Workload:
    """One unit of each of the writer's items; an item with an open request takes no second one."""
    token = shop.writer_csrf_token
    headers = {
        "Cookie": f"sessionid={shop.writer_session}; csrftoken={token}",
        "X-CSRFToken": token,
        "Content-Type": "application/json",
    }
    drafts = (
        {
            "order_item": item,
            "reason": shop.cancel_reason,
            "cancellation_type": "cancel",
            "quantity": 1,
        }
        for item in shop.cancellable_items
    )
    path = "/users/orders/cancellation_requests/"
    return Workload(CREATE, path, headers, [orjson.dumps(draft) for draft in drafts])
