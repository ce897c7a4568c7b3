"""One imported order whose document is imported repeatedly, with decisions about its requests."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

from domain.audit import AuditEntry
from domain.imports.documents import ImportResult
from domain.imports.parts import Rejected
from domain.orders.orders import Order
from persistence.database import Database
from tests.support.builders import NOW
from tests.support.documents import imported_order, line_document, order_document, request_document
from tests.support.stored_cancellations import CANCEL, REFUND, StoredCancellations

YESTERDAY = (NOW - timedelta(days=1)).isoformat()
DELIVERED = {"state": "delivered", "shipped_date": YESTERDAY, "delivered_date": YESTERDAY}
UUID = "1b671a64-40d5-491e-99b0-da01ff1f3341"
OTHER_UUID = "2c671a64-40d5-491e-99b0-da01ff1f3342"


def imported_request(**fields: Any) -> dict[str, Any]:
    """The fields of a line with a request to cancel one unit."""
    fields = {"cancellation_type": "cancel", "quantity": 1, "uuid": UUID} | fields
    return {"cancellation_requests": [request_document(**fields)]}


class Case:
    """One imported order of a line of 3 × 50.00, sold by ``a``, and another of 1 × 20.00."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.cancellations = StoredCancellations(database)

    def place(self, first: dict[str, Any] | None = None, **fields: Any) -> None:
        seller = {"slug": "a", "name": "A"}
        lines = [
            line_document(quantity=3, unit_price="50.00", seller=seller) | (first or {}),
            line_document(line=2, unit_price="20.00", seller={"slug": "b", "name": "B"}),
        ]
        self.document = order_document(
            **{"state": "approved", "items": lines, "shipping_amount": "9.00"} | fields
        )
        result = self.send()
        assert isinstance(result, ImportResult)
        self.pk = result.pk

    def send(self, line: dict[str, Any] | None = None, **fields: Any) -> ImportResult | Rejected:
        """Import the document again, with other fields of the order and of its first line."""
        document = deepcopy(self.document) | fields
        document["items"][0] |= line or {}
        with self.database.importing("import:ayse") as imports:
            [result] = imports.store_orders([imported_order(**document)])
            imports.commit()
        return result

    def rejection(self, line: dict[str, Any] | None = None, **fields: Any) -> tuple[str, str]:
        result = self.send(line, **fields)
        assert isinstance(result, Rejected), result
        return result.code, result.pointer

    def request(self, *decisions: Any, **fields: Any) -> int:
        item = self.order.items[0]
        kind = REFUND if item.delivered_date else CANCEL
        request = self.cancellations.create(
            self.order, self.cancellations.draft(item.pk, kind, **fields)
        )
        for decision in decisions:
            self.cancellations.decide(decision, request.pk)
        return request.pk

    @property
    def order(self) -> Order:
        """The stored order with its plans."""
        with self.database.reading() as uow:
            order = uow.orders.get(self.pk)
        assert order is not None
        return self.cancellations.order(order.pk)

    def trail(self, entity: Any) -> list[AuditEntry]:
        with self.database.reading() as uow:
            return uow.audit.entries(entity.uuid)
