"""A customer with orders, returns and e-mails."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from domain.accounts.users import User
from domain.orders.cancellations import CancellationType
from domain.orders.states import OrderState
from persistence.database import utc_now
from persistence.sql.columns import metadata
from tests.handlers.cli.conftest import Run
from tests.support.application import Clients, Shop
from tests.support.builders import (
    NOW,
    make_address,
    make_discount,
    make_easy_return_company,
    make_item,
    make_loyalty_transaction,
    make_seller,
)

IBAN = "TR330006100519786457841326"
LISTS = ("orders", "order-items", "cancellation-plans", "customer-addresses")


class Customer:
    """A user with an archived order, and an order of two lines with a request to return a unit of
    each."""

    def __init__(self, shop: Shop, clients: Clients, waybill: Run, user: User, word: str) -> None:
        self.user = user
        self.word = word
        self._shop = shop
        self._clients = clients
        self._waybill = waybill
        self.seller = make_seller()
        address = make_address(user_pk=user.pk, line=f"{word} 12", email=user.email)
        self.order = shop.order(
            user,
            state=OrderState.DELIVERED,
            user_email=user.email,
            items=[self._line(1), self._line(2)],
            shipping_address=address,
            billing_address=address,
            discounts=[make_discount()],
            loyalty_transactions=[make_loyalty_transaction(user_email=user.email)],
        )
        self.old_order_pk = shop.old_order(user, user_email=user.email).pk
        self.client = clients.posting(shop.session(user))
        self.reason = shop.reason(CancellationType.REFUND)
        self.requests = [self._send_back(item.pk) for item in self.order.items]
        assert waybill("trade-ins", "offer", str(self.order.items[0].pk)).exit_code == 0

    def _line(self, line: int) -> Any:
        return make_item(
            line=line,
            quantity=2,
            seller=self.seller,
            state=OrderState.DELIVERED,
            shipped_date=NOW,
            delivered_date=utc_now() - timedelta(days=1),
            easy_return_companies=[make_easy_return_company()],
        )

    def _send_back(self, item_pk: int) -> int:
        response = self.client.post(
            "/users/orders/cancellation_requests/",
            headers={"Idempotency-Key": f"return-{item_pk}"},
            json={
                "order_item": item_pk,
                "reason": self.reason.pk,
                "cancellation_type": "refund",
                "quantity": 1,
                "description": self.word,
                "iban": IBAN,
                "holder_name": self.word,
                "shipping_company": self.order.items[0].easy_return_companies[0].pk,
                "pickup_address": self.order.shipping_address.pk,
            },
        )
        assert response.status_code == 200, response.text
        pk: int = response.json()["pk"]
        return pk

    def settle(self) -> None:
        """Complete the first request, and reject the second."""
        first, second = map(str, self.requests)
        for command in (("approve", first), ("complete", first), ("reject", second)):
            assert self._waybill("requests", *command).exit_code == 0

    def read(self) -> None:
        """Read everything, so that documents are stored in both languages."""
        for language in ("tr", "en"):
            headers = {"Accept-Language": language}
            for path in ("/users/orders/", "/users/old-orders/"):
                assert self.client.get(path, headers=headers).json()["count"] == 1
        self.read_as_seller()

    def read_as_seller(self) -> Mapping[str, Any]:
        """The seller's documents, by list."""
        client = self._clients.selling(self._shop.token(self.seller))
        responses = {name: client.get(f"/api/i1/{name}/") for name in LISTS}
        assert {response.status_code for response in responses.values()} == {200}
        return {name: response.json()["results"] for name, response in responses.items()}

    @property
    def row_conditions(self) -> dict[str, Any]:
        """For each table, the condition that selects this customer's rows."""
        items = [item.pk for item in self.order.items]
        owners: dict[str, tuple[str, list[int]]] = {
            "users": ("pk", [self.user.pk]),
            "addresses": ("user_pk", [self.user.pk]),
            "orders": ("pk", [self.order.pk]),
            "order_items": ("pk", items),
            "cancellation_requests": ("order_item_pk", items),
            "cancellation_request_images": ("cancellation_request_pk", self.requests),
            "easy_returns": ("cancellation_request_pk", self.requests),
            "cancellation_plans": ("order_pk", [self.order.pk]),
            "loyalty_transactions": ("order_pk", [self.order.pk]),
            "discount_items": ("order_pk", [self.order.pk]),
            "old_orders": ("pk", [self.old_order_pk]),
            "old_order_items": ("old_order_pk", [self.old_order_pk]),
        }
        return {
            name: metadata.tables[name].c[column].in_(values)
            for name, (column, values) in owners.items()
        } | {"audit_entries": sa.true(), "outbox_events": sa.true()}
