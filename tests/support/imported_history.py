"""The state of a random history of one imported order; tests add the steps."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from domain.imports.documents import ImportResult, read_order
from domain.imports.parts import Rejected, SnapshotPool
from domain.orders.cancellations import CancellationRequest
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from handlers.cli.ndjson import ParsedDocument
from persistence.database import Database
from persistence.engine.engines import Engines
from tests.support.builders import NOW
from tests.support.documents import Document, line_document, order_document, request_document
from tests.support.emptied import empty
from tests.support.fakes import FakeClock
from tests.support.stored_cancellations import StoredCancellations

ARRIVED = frozenset({"shipped", "delivered"})
STATUSES = ("open", "approved", "rejected", "completed")
YESTERDAY = (NOW - timedelta(days=1)).isoformat()
DELIVERED = {"state": "delivered", "shipped_date": YESTERDAY, "delivered_date": YESTERDAY}
_numbers = count(1)

index = st.integers(0, 3)
lines = st.fixed_dictionaries(
    {
        "quantity": st.integers(1, 4),
        "unit_price": st.integers(1, 1999),
        "is_delivered": st.booleans(),
        "seller": st.sampled_from(["a", "a", "b", None]),
        "status": st.sampled_from([None, None, *STATUSES]),
    }
)
orders = st.fixed_dictionaries(
    {
        "lines": st.lists(lines, min_size=1, max_size=3),
        "discount": st.integers(0, 100),
        "shipping": st.sampled_from([0, 850]),
        "paid": st.sampled_from([True, True, True, False]),
    }
)


def money(minor_units: int) -> str:
    return f"{minor_units / 100:.2f}"


def seller_document(slug: str) -> Document:
    return {"slug": slug, "name": slug.upper()}


def placed_line(number: int, drawn: dict[str, Any]) -> Document:
    line = line_document(
        line=number,
        quantity=drawn["quantity"],
        unit_price=money(drawn["unit_price"]),
        **(DELIVERED if drawn["is_delivered"] else {"state": "approved"}),
    )
    if drawn["seller"]:
        line["seller"] = seller_document(drawn["seller"])
    if drawn["status"]:
        kind = "refund" if drawn["is_delivered"] else "cancel"
        request = request_document(cancellation_type=kind, status=drawn["status"], quantity=1)
        line["cancellation_requests"] = [request]
    return line


def placed_order(drawn: dict[str, Any]) -> Document:
    total = sum(line["unit_price"] * line["quantity"] for line in drawn["lines"])
    return order_document(
        number=f"M{next(_numbers)}",
        state="approved",
        items=[placed_line(number, line) for number, line in enumerate(drawn["lines"], 1)],
        discounts=[{"name": "A", "amount": money(total * drawn["discount"] // 100)}],
        shipping_amount=money(drawn["shipping"]),
        payment_pending=not drawn["paid"],
    )


def add_request(document: Document, line: Document, status: str, **fields: Any) -> None:
    """Add a request of the type that the state of the line allows."""
    kind = "refund" if state_of(document, line) in ARRIVED else "cancel"
    uuid = str(UUID(int=next(_numbers)))
    request = request_document(uuid=uuid, cancellation_type=kind, status=status, **fields)
    line.setdefault("cancellation_requests", []).append(request)


def state_of(document: Document, line: Document) -> str:
    return str(line.get("state", document["state"]))


def line_of(document: Document, at: int) -> Document:
    line: Document = document["items"][at % len(document["items"])]
    return line


def requests_of(order: Order) -> Iterator[CancellationRequest]:
    for item in order.items:
        yield from item.cancellation_requests


def money_of(order: Order) -> tuple[Any, ...]:
    """Return what is refunded and promised."""
    promised = {
        item.request.uuid: (
            item.refund_amount,
            item.discount_refund_amount,
            item.shipping_refund_amount,
            item.unpaid_amount,
        )
        for plan in order.cancellation_plans
        for item in plan.items
    }
    refunds = order.refund_amount, order.discount_refund_amount, order.shipping_refund_amount
    return refunds, promised


class ImportedHistory(RuleBasedStateMachine):
    """One order; ``document`` is the last that was accepted."""

    database: Database
    engines: Engines
    url: str
    clock: FakeClock

    def __init__(self) -> None:
        super().__init__()
        self.clock.reset()
        empty(self.url)  # else a broken invariant would stay broken in the next history
        self.cancellations = StoredCancellations(self.database)

    def place_new(self, drawn: dict[str, Any]) -> None:
        self.document = placed_order(drawn)
        result = self.store(self.document)
        assert isinstance(result, ImportResult), result
        self.pk = result.pk

    def store(self, *documents: Document) -> ImportResult | Rejected:
        """Import the documents in one batch; return the result of the first."""
        batch = []
        for document in documents:
            parsed = ParsedDocument.of(document)
            try:
                batch.append(read_order(parsed.document, parsed.document_hash, SnapshotPool()))
            except Rejected as rejected:
                return rejected
        with self.database.importing("import:machine") as imports:
            results = imports.store_orders(batch)
            imports.commit()
        assert all(isinstance(result, ImportResult) for result in results[1:]), results
        return results[0]

    def send(
        self, change: Callable[[Document], None], *others: Document
    ) -> ImportResult | Rejected:
        """Import the last accepted document again with a change, in one batch with others."""
        document = deepcopy(self.document)
        change(document)
        result = self.store(document, *others)
        if isinstance(result, ImportResult):
            self.document = document
        return result

    def accepted(self, change: Callable[[Document], None]) -> ImportResult:
        """Import it with a change that no order may reject."""
        result = self.send(change)
        assert isinstance(result, ImportResult), (result.pointer, result.message)
        return result

    def order(self) -> Order:
        with self.database.reading() as uow:
            order = uow.orders.get(self.pk)
        assert order is not None
        return order

    def planned_order(self) -> Order:
        """Return the order with its plans."""
        return self.cancellations.order(self.pk)

    def item(self, at: int) -> OrderItem:
        order = self.order()
        return order.items[at % len(order.items)]
