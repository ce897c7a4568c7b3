"""A guest with a session and several orders can use only the newest one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User, UserType
from domain.orders.cancellations import CancellationReason, CancellationType
from domain.orders.orders import Order
from domain.orders.states import OrderState
from tests.support.application import Clients, Shop
from tests.support.builders import (
    NOW,
    make_address,
    make_easy_return_company,
    make_item,
    make_offer,
)

SINGLE = "/users/orders/cancellation_requests/"
BULK = "/users/orders/bulk_cancellation_requests/"
GRANTED = "/users/orders/anonymous/cancellation_requests/"


@pytest.fixture
def reason(shop: Shop) -> CancellationReason:
    return shop.reason()


@pytest.fixture
def guest(shop: Shop) -> User:
    return shop.user(user_type=UserType.GUEST)


@pytest.fixture
def newest(shop: Shop, guest: User) -> Order:
    return shop.order(guest, number="newest", created_date=NOW)


@pytest.fixture
def older(shop: Shop, guest: User, newest: Order) -> Order:
    """An older order with a higher pk."""
    return shop.order(guest, number="older", created_date=NOW - timedelta(days=1))


@pytest.fixture
def guest_client(clients: Clients, shop: Shop, guest: User) -> TestClient:
    return clients.posting(shop.session(guest))


def test_a_guest_can_cancel_items_of_the_newest_order_only(
    guest_client: TestClient, newest: Order, older: Order, reason: CancellationReason
) -> None:
    def response_to(pk: int, path: str) -> Any:
        row = {"order_item": pk, "reason": reason.pk, "cancellation_type": "cancel"}
        return guest_client.post(
            path, json=row if path == SINGLE else {"cancel_order_items": [row]}
        )

    for path in (SINGLE, BULK):
        foreign, absent = response_to(older.items[0].pk, path), response_to(2**40, path)
        assert foreign.status_code == absent.status_code == 400
        assert foreign.content == absent.content

    assert response_to(newest.items[0].pk, SINGLE).status_code == 200
    page = guest_client.get(f"/users/orders/{older.pk}/cancellation/").json()
    assert page["pk"] == guest_client.get("/users/orders/").json()["results"][0]["pk"] == newest.pk


def test_a_bulk_of_a_guest_with_one_item_of_an_older_order_changes_nothing(
    guest_client: TestClient, newest: Order, older: Order, reason: CancellationReason
) -> None:
    rows = [
        {"order_item": order.items[0].pk, "reason": reason.pk, "cancellation_type": "cancel"}
        for order in (newest, older)
    ]

    response = guest_client.post(BULK, json={"cancel_order_items": rows})

    assert response.status_code == 400
    assert list(response.json()["cancel_order_items"]) == ["1"]
    assert guest_client.get(SINGLE).json()["count"] == 0


def test_a_guest_lists_the_requests_of_the_newest_order_only(
    shop: Shop,
    guest_client: TestClient,
    guest: User,
    newest: Order,
    reason: CancellationReason,
) -> None:
    """A key gets its response again, even if the request is for an older order by then."""
    row = {
        "order_item": newest.items[0].pk,
        "reason": reason.pk,
        "cancellation_type": "cancel",
    }
    headers = {"Idempotency-Key": "once"}
    first = guest_client.post(SINGLE, json=row, headers=headers)
    before = guest_client.get(SINGLE).json()
    shop.order(guest, created_date=NOW + timedelta(days=1))

    again = guest_client.post(SINGLE, json=row, headers=headers)

    assert [entry["pk"] for entry in before["results"]] == [first.json()["pk"]]
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replay"] == "true"
    assert guest_client.get(SINGLE).json()["count"] == 0
    assert guest_client.post(SINGLE, json=row).status_code == 400


def test_a_guest_can_not_use_an_address_of_an_older_order(
    shop: Shop, guest_client: TestClient, guest: User, newest: Order
) -> None:
    item = make_item(
        state=OrderState.DELIVERED,
        delivered_date=datetime.now(UTC) - timedelta(days=1),
        easy_return_companies=[make_easy_return_company(requires_pickup_address=True)],
    )
    latest = shop.order(guest, items=[item], created_date=NOW + timedelta(days=1))
    elsewhere = make_address(user_pk=guest.pk, line="Elsewhere 5")
    older = shop.order(guest, created_date=NOW - timedelta(days=9), shipping_address=elsewhere)
    row = {
        "order_item": latest.items[0].pk,
        "reason": shop.reason(CancellationType.REFUND).pk,
        "cancellation_type": "refund",
        "shipping_company": latest.items[0].easy_return_companies[0].pk,
    }

    foreign, absent, own = (
        guest_client.post(SINGLE, json=row | {"pickup_address": pk})
        for pk in (older.shipping_address.pk, 2**40, latest.shipping_address.pk)
    )

    assert foreign.status_code == absent.status_code == 400
    assert foreign.content == absent.content
    assert own.status_code == 200


def test_a_guest_can_answer_trade_ins_of_the_newest_order_only(
    shop: Shop, guest_client: TestClient, guest: User, newest: Order
) -> None:
    item = make_item(
        state=OrderState.DELIVERED,
        trade_in_offers=[make_offer(expires_date=datetime.now(UTC) + timedelta(days=1))],
    )
    older = shop.order(guest, items=[item], created_date=NOW - timedelta(days=1))

    foreign, absent = (
        guest_client.get(f"/users/order_item/{pk}/tradein_approved/")
        for pk in (older.items[0].pk, 2**40)
    )

    assert foreign.status_code == absent.status_code == 404
    assert foreign.content == absent.content


def test_a_grant_beside_a_session_is_only_for_the_looked_up_order(
    guest_client: TestClient, newest: Order, older: Order, reason: CancellationReason
) -> None:
    look_up = {"email": older.user_email, "number": older.number}
    assert guest_client.post("/users/orders/anonymous/", json=look_up).status_code == 200
    guest_client.headers["x-csrftoken"] = guest_client.cookies[
        "csrftoken"
    ]  # also valid for the grant
    row = {"reason": reason.pk, "cancellation_type": "cancel"}

    foreign, granted = (
        guest_client.post(GRANTED, json=row | {"order_item": order.items[0].pk})
        for order in (newest, older)
    )

    assert (foreign.status_code, list(foreign.json())) == (400, ["order_item", "error_code"])
    assert granted.status_code == 200
    assert guest_client.get(SINGLE).json()["count"] == 0
