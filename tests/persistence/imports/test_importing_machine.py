"""Random histories of imported orders: all amounts stay consistent."""

from contextlib import closing
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from domain.accounts.callers import Caller
from domain.cancellations.decisions import (
    approve_request,
    complete_request,
    mark_plan,
    reject_request,
)
from domain.imports.documents import ImportResult, Outcome
from domain.imports.parts import ArchivedHere, ErasedHere
from domain.orders.archiving import archive_order
from domain.orders.cancellation_plans import PlanStatus
from domain.orders.cancellations import CancellationStatus
from domain.orders.return_policy import ReturnPolicy
from domain.privacy.personal_data import erase_personal_data
from domain.privacy.retention import BATCH, remove_settled_accounts
from domain.seller_center.order_items import reject_seller_order_item
from domain.sellers.callers import Scope, SellerCaller
from domain.shared.errors import Conflict, FieldErrors, Gone, InvalidInput, NotFound, RuleBroken
from domain.trade_ins import approve_trade_in, offer_trade_in, reject_trade_in
from faults.invariants import broken_invariants
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.old_orders import OLD_ORDER, old_orders
from persistence.sql.work import Work
from tests.support.citus import all_rows
from tests.support.documents import Document, user_document
from tests.support.fakes import FakeClock
from tests.support.histories import histories_of
from tests.support.imported_history import (
    ARRIVED,
    DELIVERED,
    STATUSES,
    ImportedHistory,
    add_request,
    index,
    line_of,
    lines,
    money,
    money_of,
    orders,
    placed_line,
    placed_order,
    requests_of,
    seller_document,
    state_of,
)
from tests.support.rendered_documents import render_stored_old_order, render_stored_order
from tests.support.stored import written_of_loaded
from tests.support.stored_cancellations import CANCEL, OPERATOR, REFUND
from tests.support.stored_sellers import stored_counts, true_counts

DECIDED = ((approve_request,), (approve_request, complete_request), (reject_request,))
NEXT = {
    CancellationStatus.OPEN: (approve_request, approve_request, reject_request),
    CancellationStatus.APPROVED: (complete_request,),
}
PROGRESS = ("waiting", "approved", "package_waiting", "packaged", "shipped", "delivered")
REFUNDS = ("refund_amount", "discount_refund_amount", "shipping_refund_amount")
IBAN = "TR330006100519786457841326"

units = st.one_of(st.none(), st.integers(1, 3))


class Importing(ImportedHistory):
    """One order, whose document is imported repeatedly while lines are cancelled and returned."""

    @initialize(drawn=orders)
    def place(self, drawn: dict[str, Any]) -> None:
        self.place_new(drawn)

    @rule(text=st.integers(0, 99))
    def note(self, text: int) -> None:
        """Change nothing about money: the document is accepted, and no refund changes."""

        def change(document: Document) -> None:
            document |= {"notes": f"note {text}", "tracking_number": str(text)}

        before = money_of(self.planned_order())
        result = self.accepted(change)
        if result.outcome is Outcome.UPDATED:
            assert self.order().notes == f"note {text}"
        assert money_of(self.planned_order()) == before

    @rule(at=index, state=st.sampled_from(PROGRESS))
    def move(self, at: int, state: str) -> None:
        self.send(lambda document: line_of(document, at).update(state=state))

    @rule(state=st.sampled_from(PROGRESS))
    def move_all(self, state: str) -> None:
        """Give the order a state, which its lines inherit."""

        def change(document: Document) -> None:
            document["state"] = state
            for line in document["items"]:
                line.pop("state", None)

        self.send(change)

    @rule(at=index)
    def deliver(self, at: int) -> None:
        self.send(lambda document: line_of(document, at).update(DELIVERED))

    @rule(at=index, price=st.integers(1, 1999), quantity=st.integers(1, 5))
    def edit(self, at: int, price: int, quantity: int) -> None:
        def change(document: Document) -> None:
            line_of(document, at).update(unit_price=money(price), quantity=quantity)

        self.send(change)

    @rule(at=index, price=st.integers(1, 1999), drawn=orders)
    def edit_beside_another(self, at: int, price: int, drawn: dict[str, Any]) -> None:
        """Another order, whose number comes first, is in the same batch."""
        other = placed_order(drawn) | {"user": user_document(email="other@example.com")}
        other["number"] = f"A{other['number']}"
        self.send(lambda document: line_of(document, at).update(unit_price=money(price)), other)

    @rule(discount=st.integers(0, 999), shipping=st.sampled_from([0, 850, 990]))
    def rebate(self, discount: int, shipping: int) -> None:
        def change(document: Document) -> None:
            document["discounts"] = [{"name": "B", "amount": money(discount)}]
            document["shipping_amount"] = money(shipping)

        self.send(change)

    @rule(drawn=lines)
    def add_line(self, drawn: dict[str, Any]) -> None:
        def change(document: Document) -> None:
            items = document["items"]
            items.append(placed_line(len(items) + 1, drawn))

        if len(self.document["items"]) < 4:
            self.send(change)

    @rule(at=index, seller=st.sampled_from(["a", "b"]))
    def sell(self, at: int, seller: str) -> None:
        self.send(lambda document: line_of(document, at).update(seller=seller_document(seller)))

    @rule(paid=st.booleans())
    def pay(self, paid: bool) -> None:
        self.send(lambda document: document.update(payment_pending=not paid))

    @rule(at=index, cancelled=st.integers(0, 3), refunded=st.integers(0, 3))
    def count_units(self, at: int, cancelled: int, refunded: int) -> None:
        """Contradicting counters are rejected; matching ones change nothing."""
        item = self.item(at)
        known = (item.cancelled_quantity, item.refunded_quantity)

        def change(document: Document) -> None:
            counters = {"cancelled_quantity": cancelled, "refunded_quantity": refunded}
            line_of(document, at).update(counters)

        if (cancelled, refunded) == known or any(
            total < stored for total, stored in zip((cancelled, refunded), known, strict=True)
        ):
            before = deepcopy(self.document)
            result = self.send(change)
            self.document = before
            if isinstance(result, ImportResult) and result.outcome is Outcome.UNCHANGED:
                return  # the last document, whose counters were right when it was stored
            assert isinstance(result, ImportResult) is ((cancelled, refunded) == known)

    @rule()
    def repeat_refunds(self) -> None:
        """A document with the refunds and loyalty transactions that are stored changes nothing."""
        order = self.planned_order()
        repeated: Document = {name: money(getattr(order, name)) for name in REFUNDS}
        repeated["loyalty_transactions"] = [
            {"amount": money(row.amount), "reference": row.reference}
            for row in order.loyalty_transactions
        ]
        before = deepcopy(self.document)
        result = self.accepted(lambda document: document.update(repeated))
        self.document = before
        if result.outcome is Outcome.UPDATED:
            after = self.planned_order()
            assert money_of(after) == money_of(order)
            assert len(after.loyalty_transactions) == len(order.loyalty_transactions)

    @rule(at=index, status=st.sampled_from(STATUSES), quantity=units)
    def ask_elsewhere(self, at: int, status: str, quantity: int | None) -> None:
        fields = {} if quantity is None else {"quantity": quantity}
        self.send(lambda document: add_request(document, line_of(document, at), status, **fields))

    @rule(at=index, which=index, status=st.sampled_from(STATUSES), quantity=units)
    def settle_elsewhere(self, at: int, which: int, status: str, quantity: int | None) -> None:
        """Change the status of an imported request, or its units too."""

        def change(document: Document) -> None:
            requests = line_of(document, at).get("cancellation_requests")
            if requests:
                request = requests[which % len(requests)]
                request["status"] = status
                if quantity:
                    request["quantity"] = quantity

        self.send(change)

    @rule(at=index)
    def forget_elsewhere(self, at: int) -> None:
        """Leave out the requests of a line, which stay."""
        self.send(lambda document: line_of(document, at).update(cancellation_requests=[]))

    @rule(at=index, status=st.sampled_from(["approved", "completed"]))
    def close_elsewhere(self, at: int, status: str) -> None:
        """Cancel or return all units that are left of a line."""

        def change(document: Document) -> None:
            line = line_of(document, at)
            has_arrived = state_of(document, line) in ARRIVED
            add_request(document, line, "completed" if has_arrived else status)
            line["state"] = "refunded" if has_arrived else "cancelled"

        self.send(change)

    @rule(at=index, quantity=units, is_loyalty=st.booleans())
    def ask(self, at: int, quantity: int | None, is_loyalty: bool) -> None:
        self.settle(at, quantity, is_loyalty, ())

    @rule(at=index, quantity=units, is_loyalty=st.booleans(), decisions=st.sampled_from(DECIDED))
    def settle(
        self, at: int, quantity: int | None, is_loyalty: bool, decisions: tuple[Any, ...]
    ) -> None:
        """Create a request for some or all units that are left, and decide it."""
        order, item = self.order(), self.item(at)
        kind = REFUND if item.delivered_date else CANCEL
        fields: dict[str, Any] = {} if quantity is None else {"quantity": quantity}
        fields |= {"fully_refund_as_loyalty_money": is_loyalty, "iban": IBAN, "holder_name": "Ayşe"}
        try:
            draft = self.cancellations.draft(item.pk, kind, **fields)
            request = self.cancellations.create(order, draft)
        except (FieldErrors, RuleBroken):
            return
        for decision in decisions:
            self.cancellations.decide(decision, request.pk)

    @rule(at=st.integers(0, 5), decision=st.integers(0, 2))
    def decide(self, at: int, decision: int) -> None:
        requests = [request for request in requests_of(self.order()) if request.is_active]
        if requests:
            request = requests[at % len(requests)]
            decisions = NEXT[request.status]
            try:
                self.cancellations.decide(decisions[decision % len(decisions)], request.pk)
            except Conflict:
                return

    @rule(at=index)
    def reject(self, at: int) -> None:
        item = self.item(at)
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
        assert not any(
            request.status is CancellationStatus.APPROVED for request in requests_of(self.order())
        )

    @rule(at=index, status=st.sampled_from(PlanStatus))
    def mark(self, at: int, status: PlanStatus) -> None:
        plans = self.planned_order().cancellation_plans
        if plans:
            with self.database.writing() as uow:
                mark_plan(plans[at % len(plans)].pk, status, "paid", OPERATOR, uow)

    @rule(at=index, answer=st.sampled_from([None, approve_trade_in, reject_trade_in]))
    def trade_in(self, at: int, answer: Any) -> None:
        order, item = self.order(), self.item(at)
        with self.database.writing() as uow:
            try:
                if answer is None:
                    offer_trade_in(item.pk, timedelta(days=1), OPERATOR, uow)
                else:
                    answer(item.pk, Caller(order.user_pk, is_guest=False), uow)
            except (Conflict, Gone, NotFound, RuleBroken):
                return

    @rule(hours=st.integers(1, 99))
    def wait(self, hours: int) -> None:
        self.clock.now += timedelta(hours=hours)

    @rule()
    def tidy(self) -> None:
        with self.database.writing() as uow:
            remove_settled_accounts(timedelta(), 0, BATCH, uow)

    @rule(following=orders)
    def erase(self, following: dict[str, Any]) -> None:
        """Erase the person if that is possible; the next order is another one's."""
        with self.database.writing() as uow:
            try:
                erase_personal_data(
                    self.document["user"]["email"], OPERATOR, uow, even_underway=True
                )
            except Conflict:
                return
        assert isinstance(self.send(lambda document: document.update(notes="x")), ErasedHere)
        for at in range(len(self.order().items)):
            self.reject(at)
        self.decide_open_requests()
        self.the_books_are_right()
        self.place_new(following)

    @rule(following=orders)
    def archive(self, following: dict[str, Any]) -> None:
        """Archive the order if that is possible; the next one is another."""
        with self.database.writing() as uow:
            if archive_order(self.pk, ReturnPolicy(timedelta()), OPERATOR, uow) is not None:
                return
        assert isinstance(self.send(lambda document: document.update(notes="x")), ArchivedHere)
        self.check_archived()
        self.place_new(following)

    def check_archived(self) -> None:
        """The order is an old order with a valid document."""
        number = self.document["number"]
        with closing(Work(self.engines.autocommit, is_writing=False)) as work:
            pks = work.scalars(sa.select(old_orders.c.pk).where(old_orders.c.number == number))
            [old_order] = work.load(OLD_ORDER, pks.all())
        assert render_stored_old_order(old_order)["number"] == number

    @invariant()
    def the_document_is_valid(self) -> None:
        order = self.order()
        assert render_stored_order(order)["refund_amount"] == money(order.refund_amount)

    @invariant()
    def the_books_are_right(self) -> None:
        with all_rows(self.engines) as connection:
            assert broken_invariants(connection) == []

    @invariant()
    def what_is_loaded_is_what_is_stored(self) -> None:
        assert written_of_loaded(self.engines) == []

    def teardown(self) -> None:
        assert stored_counts(self.engines) == true_counts(self.engines)


@pytest.mark.no_cover  # the same lines, thousands of times
def test_no_document_makes_amounts_inconsistent(
    database_url: str, database: Database, engines: Engines, clock: FakeClock
) -> None:
    parts = {"database": database, "engines": engines, "url": database_url, "clock": clock}
    run_machine(type("Machine", (Importing,), parts), settings=histories_of(steps=30))
