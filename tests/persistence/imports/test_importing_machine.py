"""Random histories of imported orders: all amounts stay consistent."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from domain.cancellations.decisions import approve_request, complete_request, reject_request
from domain.imports.documents import ImportResult, Outcome, read_order
from domain.imports.parts import Rejected, SnapshotPool
from domain.orders.cancellations import CancellationRequest
from domain.orders.orders import Order
from domain.seller_center.order_items import reject_seller_order_item
from domain.sellers.callers import Scope, SellerCaller
from domain.shared.errors import Conflict, FieldErrors, InvalidInput, RuleBroken
from handlers.cli.ndjson import ParsedDocument
from persistence.database import Database
from persistence.engine.engines import Engines
from tests.support.builders import NOW
from tests.support.citus import broken_rules
from tests.support.documents import line_document, order_document, request_document
from tests.support.emptied import empty
from tests.support.fakes import FakeClock
from tests.support.histories import histories_of
from tests.support.stored import written_of_loaded
from tests.support.stored_cancellations import CANCEL, REFUND, StoredCancellations
from tests.support.stored_sellers import stored_counts, true_counts

DECISIONS = (approve_request, approve_request, reject_request, complete_request)
PROGRESS = ("waiting", "approved", "package_waiting", "packaged", "shipped", "delivered")
STATUSES = ("open", "approved", "rejected", "completed")
_numbers = count(1)

index = st.integers(0, 2)
lines = st.fixed_dictionaries(
    {
        "quantity": st.integers(1, 4),
        "unit_price": st.integers(1, 1999),
        "is_delivered": st.booleans(),
        "seller": st.sampled_from(["a", "a", "b", None]),
        "status": st.sampled_from([None, None, *STATUSES]),
    }
)


def money(minor_units: int) -> str:
    return f"{minor_units / 100:.2f}"


def placed_line(number: int, drawn: dict[str, Any]) -> dict[str, Any]:
    seller = drawn["seller"]
    line = line_document(
        line=number,
        quantity=drawn["quantity"],
        unit_price=money(drawn["unit_price"]),
        state="delivered" if drawn["is_delivered"] else "approved",
    )
    if drawn["is_delivered"]:
        yesterday = (NOW - timedelta(days=1)).isoformat()
        line |= {"shipped_date": yesterday, "delivered_date": yesterday}
    if seller:
        line["seller"] = {"slug": seller, "name": seller.upper()}
    if drawn["status"]:
        kind = "refund" if drawn["is_delivered"] else "cancel"
        request = request_document(cancellation_type=kind, status=drawn["status"], quantity=1)
        line["cancellation_requests"] = [request]
    return line


class Importing(RuleBasedStateMachine):
    """One order, whose document is imported repeatedly while lines are cancelled and returned."""

    database: Database
    engines: Engines
    url: str

    def __init__(self) -> None:
        super().__init__()
        empty(self.url)  # else a broken invariant would stay broken in the next history
        self.cancellations = StoredCancellations(self.database)

    @initialize(
        placed_lines=st.lists(lines, min_size=1, max_size=3),
        discount=st.integers(0, 100),
        shipping=st.sampled_from([0, 850]),
        paid=st.sampled_from([True, True, True, False]),
    )
    def place(
        self, placed_lines: list[dict[str, Any]], discount: int, shipping: int, paid: bool
    ) -> None:
        total = sum(line["unit_price"] * line["quantity"] for line in placed_lines)
        self.document = order_document(
            number=f"M{next(_numbers)}",
            state="approved",
            items=[placed_line(number, line) for number, line in enumerate(placed_lines, 1)],
            discounts=[{"name": "A", "amount": money(total * discount // 100)}],
            shipping_amount=money(shipping),
            payment_pending=not paid,
        )
        result = self.store(self.document)
        assert isinstance(result, ImportResult), result
        self.pk = result.pk

    def store(self, document: dict[str, Any]) -> ImportResult | Rejected:
        parsed = ParsedDocument.of(document)
        try:
            imported = read_order(parsed.document, parsed.document_hash, SnapshotPool())
        except Rejected as rejected:
            return rejected
        with self.database.importing("import:machine") as imports:
            [result] = imports.store_orders([imported])
            imports.commit()
        return result

    def send(self, change: Callable[[dict[str, Any]], None]) -> ImportResult | Rejected:
        """Import the last accepted document again with a change."""
        document = deepcopy(self.document)
        change(document)
        result = self.store(document)
        if isinstance(result, ImportResult):
            self.document = document
        return result

    def line_of(self, document: dict[str, Any], at: int) -> dict[str, Any]:
        line: dict[str, Any] = document["items"][at % len(document["items"])]
        return line

    @rule(text=st.integers(0, 99))
    def note(self, text: int) -> None:
        def change(document: dict[str, Any]) -> None:
            document |= {"notes": f"note {text}", "tracking_number": str(text)}

        result = self.send(change)
        assert isinstance(result, ImportResult), (result.pointer, result.message)
        if result.outcome is Outcome.UPDATED:
            assert self.order().notes == f"note {text}"

    @rule(at=index, state=st.sampled_from([*PROGRESS, "cancelled", "refunded"]))
    def move(self, at: int, state: str) -> None:
        def change(document: dict[str, Any]) -> None:
            self.line_of(document, at)["state"] = state

        if state not in {"cancelled", "refunded"}:  # units of those have no request
            self.send(change)

    @rule(at=index, price=st.integers(1, 1999), quantity=st.integers(1, 5))
    def edit(self, at: int, price: int, quantity: int) -> None:
        def change(document: dict[str, Any]) -> None:
            self.line_of(document, at).update(unit_price=money(price), quantity=quantity)

        self.send(change)

    @rule(discount=st.integers(0, 999), shipping=st.sampled_from([0, 850, 990]))
    def rebate(self, discount: int, shipping: int) -> None:
        def change(document: dict[str, Any]) -> None:
            document["discounts"] = [{"name": "B", "amount": money(discount)}]
            document["shipping_amount"] = money(shipping)

        self.send(change)

    @rule(at=index, seller=st.sampled_from(["a", "b"]))
    def sell(self, at: int, seller: str) -> None:
        def change(document: dict[str, Any]) -> None:
            self.line_of(document, at)["seller"] = {"slug": seller, "name": seller.upper()}

        self.send(change)

    @rule(paid=st.booleans())
    def pay(self, paid: bool) -> None:
        self.send(lambda document: document.update(payment_pending=not paid))

    @rule(at=index, cancelled=st.integers(0, 3), refunded=st.integers(0, 3))
    def count_units(self, at: int, cancelled: int, refunded: int) -> None:
        """Contradicting counters are rejected; matching ones change nothing."""
        order = self.order()
        item = order.items[at % len(order.items)]
        known = (item.cancelled_quantity, item.refunded_quantity)

        def change(document: dict[str, Any]) -> None:
            counters = {"cancelled_quantity": cancelled, "refunded_quantity": refunded}
            self.line_of(document, at).update(counters)

        if (cancelled, refunded) == known or any(
            total < stored for total, stored in zip((cancelled, refunded), known, strict=True)
        ):
            before = deepcopy(self.document)
            result = self.send(change)
            self.document = before
            if isinstance(result, ImportResult) and result.outcome is Outcome.UNCHANGED:
                return  # the last document, whose counters were right when it was stored
            assert isinstance(result, ImportResult) is ((cancelled, refunded) == known)

    @rule(at=index, status=st.sampled_from(STATUSES), units=st.integers(1, 3))
    def settle_elsewhere(self, at: int, status: str, units: int) -> None:
        """Change the status of a line's first imported request, or add a request."""

        def change(document: dict[str, Any]) -> None:
            line = self.line_of(document, at)
            kind = "refund" if line["state"] in {"shipped", "delivered"} else "cancel"
            request = request_document(cancellation_type=kind, quantity=units)
            line.setdefault("cancellation_requests", [request])[0]["status"] = status

        self.send(change)

    @rule(at=index, quantity=st.one_of(st.none(), st.integers(1, 3)))
    def ask(self, at: int, quantity: int | None) -> None:
        order = self.order()
        item = order.items[at % len(order.items)]
        kind = REFUND if item.delivered_date else CANCEL
        fields = {} if quantity is None else {"quantity": quantity}
        try:
            self.cancellations.create(order, self.cancellations.draft(item.pk, kind, **fields))
        except (FieldErrors, RuleBroken):
            return

    @rule(at=st.integers(0, 5), decision=st.sampled_from(DECISIONS))
    def decide(self, at: int, decision: Any) -> None:
        requests = list(requests_of(self.order()))
        if requests:
            try:
                self.cancellations.decide(decision, requests[at % len(requests)].pk)
            except Conflict:
                return

    @rule(at=index)
    def reject(self, at: int) -> None:
        order = self.order()
        item = order.items[at % len(order.items)]
        if item.seller is None:
            return
        caller = SellerCaller(item.seller.pk, token_pk=1, scopes=frozenset(Scope))
        with self.database.writing() as uow:
            try:
                reject_seller_order_item(caller, item.uuid, None, uow)
            except InvalidInput:
                return
            uow.commit()

    @rule()
    def decide_open_requests(self) -> None:
        """Decide all open requests, which no document may prevent."""
        for request in requests_of(self.order()):
            for decision in (approve_request, complete_request, reject_request):
                try:
                    self.cancellations.decide(decision, request.pk)
                except Conflict:
                    continue

    def order(self) -> Order:
        with self.database.reading() as uow:
            order = uow.orders.get(self.pk)
        assert order is not None
        return order

    @invariant()
    def the_books_are_right(self) -> None:
        assert broken_rules(self.url) == []

    @invariant()
    def what_is_loaded_is_what_is_stored(self) -> None:
        assert written_of_loaded(self.engines) == []


def requests_of(order: Order) -> Iterator[CancellationRequest]:
    for item in order.items:
        yield from item.cancellation_requests


@pytest.mark.no_cover  # the same lines, thousands of times
def test_no_document_makes_amounts_inconsistent(
    database_url: str, database: Database, engines: Engines, clock: FakeClock
) -> None:
    parts = {"database": database, "engines": engines, "url": database_url}
    machine = type("Machine", (Importing,), parts)
    run_machine(machine, settings=histories_of(steps=25))

    assert stored_counts(engines) == true_counts(engines)
