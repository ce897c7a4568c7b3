"""How each operation of the contract is asked for something that somebody has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from faults.owners import NOTHING, Belongings


@dataclass(frozen=True)
class Asked:
    """A request: what comes after the path, and the body."""

    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


Recipe = Callable[[Belongings, int], Asked]


def _nothing(_thing: Belongings, _reason: int) -> Asked:
    return Asked()


def _draft(operation: str) -> Recipe:
    def single(thing: Belongings, reason: int) -> Asked:
        return Asked(body=_row(thing.lines[operation], reason))

    return single


def _bulk(operation: str) -> Recipe:
    def rows(thing: Belongings, reason: int) -> Asked:
        return Asked(body={"cancel_order_items": [_row(thing.lines[operation], reason)]})

    return rows


def _row(line: int, reason: int) -> dict[str, Any]:
    return {"order_item": line, "reason": reason, "cancellation_type": "cancel", "quantity": 1}


def _answer(operation: str) -> Recipe:
    return lambda thing, _reason: Asked({"pk": thing.lines[operation]})


def _filter(name: str) -> Recipe:
    return lambda thing, _reason: Asked(query={name: thing.number})


def _log_in(thing: Belongings, _reason: int) -> Asked:
    return Asked(body={"email": f"{thing.number}@example.com", "password": "none of theirs"})


def _look_up(thing: Belongings, _reason: int) -> Asked:
    return Asked(body={"email": "nobody@example.com", "order": thing.number})


# How each operation is asked for something; one that is not here is noticed.
RECIPES: Mapping[str, Recipe] = {
    "listUserOrders": _filter("search"),
    "getUserOrder": lambda thing, _: Asked({"pk": thing.order}),
    "getOrderCancellation": lambda thing, _: Asked({"pk": thing.order}),
    "listOldOrders": _nothing,
    "getOldOrder": lambda thing, _: Asked({"pk": thing.old_order}),
    "lookUpAnonymousOrder": _look_up,
    "createAnonymousCancellationRequest": _draft("createAnonymousCancellationRequest"),
    "createAnonymousBulkCancellationRequests": _bulk("createAnonymousBulkCancellationRequests"),
    "listCancellationReasons": _nothing,
    "listCancellationRequests": _nothing,
    "createCancellationRequest": _draft("createCancellationRequest"),
    "createBulkCancellationRequests": _bulk("createBulkCancellationRequests"),
    "approveTradeIn": _answer("approveTradeIn"),
    "rejectTradeIn": _answer("rejectTradeIn"),
    "listSellerOrders": _filter("number"),
    "listSellerOrderItems": _filter("order__number"),
    "rejectSellerOrderItem": lambda thing, _: Asked({"orderitem_id": thing.item}, body={}),
    "listSellerCancellationPlans": _nothing,
    "listSellerCustomerAddresses": _nothing,
    "showLoginPage": _nothing,
    "logIn": _log_in,
    "getCsrfToken": _nothing,
    "checkLiveness": _nothing,
    "checkReadiness": _nothing,
    "getMetrics": _nothing,
    "getContractJson": _nothing,
    "getContractYaml": _nothing,
    "showSwaggerUi": _nothing,
    "showRedoc": _nothing,
    "getDocumentationAsset": lambda *_: Asked({"name": "redoc.js"}),
    # Ends a session: last of all.
    "logOut": _nothing,
}


def names_something(operation: str) -> bool:
    """Whether a request to it can be for one thing or another."""
    return RECIPES[operation](NOTHING, 0) != Asked()
