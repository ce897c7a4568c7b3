"""Stored orders and requests for tests of the operator's commands."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from domain.orders.cancellations import CancellationRequest, CancellationStatus, CancellationType
from domain.orders.orders import Order
from domain.orders.states import OrderState
from domain.outbox import OutboxEvent
from domain.shared.paging import PageRequest
from persistence.database import Database
from tests.support.application import Shop
from tests.support.builders import NOW, make_item, make_product, make_reason, make_request

DELIVERED = {"state": OrderState.DELIVERED, "shipped_date": NOW, "delivered_date": NOW}


class StoredOrders:
    """Stores orders with requests and e-mails, and reads their states."""

    def __init__(self, shop: Shop, database: Database) -> None:
        self._shop = shop
        self._database = database

    def request(
        self, item: Mapping[str, Any] = MappingProxyType({}), **overrides: Any
    ) -> CancellationRequest:
        """A stored request for one of the two units of a line of 100.00 TRY."""
        kind = overrides.setdefault("cancellation_type", CancellationType.CANCEL)
        reason = make_reason(cancellation_type=kind)
        with self._database.writing() as uow:
            uow.cancellation_reasons.add(reason)
            uow.commit()
        request = make_request(**{"reason_pk": reason.pk, "quantity": 1, **overrides})
        self.order(cancellation_requests=[request], **item)
        return request

    def order(self, **item: Any) -> Order:
        """A stored order of one line of two units."""
        line = make_item(**{"quantity": 2, "product": make_product(name="Room Spray"), **item})
        return self._shop.order(self._shop.user(), items=[line])

    def status(self, request: CancellationRequest) -> CancellationStatus:
        with self._database.reading() as uow:
            order = uow.orders.by_request(request.pk)
        assert order is not None
        return order.items[0].cancellation_requests[0].status

    def actors(self, request: CancellationRequest) -> list[str]:
        with self._database.reading() as uow:
            return [entry.actor for entry in uow.audit.entries(request.uuid)]

    def emails(self) -> list[OutboxEvent]:
        with self._database.reading() as uow:
            return uow.outbox.events(None, PageRequest())

    def add_email(self, event: OutboxEvent) -> OutboxEvent:
        """The event, stored."""
        with self._database.writing() as uow:
            uow.outbox.add(event)
            uow.commit()
        return event
