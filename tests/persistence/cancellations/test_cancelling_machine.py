"""Random histories of orders with cancellations: all amounts stay consistent."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import orjson
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.accounts.callers import Caller
from domain.cancellations.decisions import approve_request, complete_request, reject_request
from domain.cancellations.requests import list_cancellation_requests
from domain.orders.cancellations import CancellationRequest, CancellationStatus, CancellationType
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order
from domain.orders.states import OrderState
from domain.privacy.retention import (
    BATCH,
    Expiring,
    RetentionPeriods,
    remove_expired,
    remove_settled_accounts,
)
from domain.shared.errors import Conflict, FieldErrors, RowErrors, RuleBroken
from domain.shared.paging import PageRequest
from handlers.contract.document.bundle import load_contract
from handlers.contract.operations.violations import ResponseValidation, Violations
from handlers.rendering.orders import order_sources
from handlers.rendering.renderer import ContractRenderer
from persistence.database import Database
from persistence.engine.engines import Engines
from tests.support.builders import (
    NOW,
    make_discount,
    make_item,
    make_order,
    make_product,
    make_seller,
)
from tests.support.emptied import empty
from tests.support.fakes import FakeClock, fake_renderers
from tests.support.histories import histories_of
from tests.support.stored import store_order, store_user, written_of_loaded
from tests.support.stored_cancellations import CANCEL, POLICY, REFUND, StoredCancellations
from tests.support.stored_sellers import stored_counts, true_counts

OPEN, APPROVED = CancellationStatus.OPEN, CancellationStatus.APPROVED
COMPLETED = CancellationStatus.COMPLETED
DECISIONS = (approve_request, reject_request, complete_request)
RIGHTLY = {(OPEN, approve_request), (OPEN, reject_request), (APPROVED, complete_request)}
IBAN = "TR330006100519786457841326"
_skus = count()


@pytest.fixture(scope="module")
def contract_renderer() -> ContractRenderer[Order]:
    return ContractRenderer(
        load_contract(),
        "UserOrder",
        order_sources(POLICY.returns),
        lambda order, now: order.flags_valid_until(now, POLICY.returns),
        Violations(ResponseValidation.ENFORCE),
        "machine",
    )


@pytest.fixture
def checked_database(
    database_url: str, contract_renderer: ContractRenderer[Order], clock: FakeClock
) -> Iterator[Database]:
    """A database with the real renderers."""
    database = Database(
        database_url,
        renderers=fake_renderers(contract_renderer),
        clock=clock,
    )
    yield database
    database.close()


lines = st.fixed_dictionaries(
    {
        "quantity": st.integers(1, 4),
        "unit_price": st.integers(1, 1999),
        "is_delivered": st.sampled_from([False, False, True]),
        "seller": st.sampled_from([None, "a", "b"]),
    }
)
drawn_drafts = st.fixed_dictionaries(
    {"index": st.integers(0, 2), "is_invalid": st.sampled_from([False] * 7 + [True])},
    optional={"quantity": st.integers(1, 3), "fully_refund_as_loyalty_money": st.booleans()},
)


def store_random_order(
    database: Database, placed_lines: list[dict[str, Any]], discount: int, shipping: int, paid: bool
) -> Order:
    sellers = {name: make_seller() for name in ("a", "b")}
    items = [random_item(index, line, sellers) for index, line in enumerate(placed_lines, 1)]
    total = sum(item.price for item in items)
    order = make_order(
        user_pk=store_user(database).pk,
        items=items,
        discounts=[make_discount(amount=total * discount // 100)],
        shipping_amount=shipping,
        installment_interest_amount=77,
        payment_pending=not paid,
    )
    with database.writing() as uow:
        uow.orders.add(order)
        uow.commit()
    return order


def random_item(index: int, line: dict[str, Any], sellers: dict[str, Any]) -> OrderItem:
    delivered = NOW - timedelta(days=1)
    travelled = {
        "state": OrderState.DELIVERED,
        "shipped_date": delivered,
        "delivered_date": delivered,
    }
    return make_item(
        line=index,
        product=make_product(sku=f"machine-{next(_skus)}"),
        seller=sellers.get(line["seller"]),
        quantity=line["quantity"],
        unit_price=line["unit_price"],
        price=line["unit_price"] * line["quantity"],
        **(travelled if line["is_delivered"] else {}),
    )


class Cancelling(RuleBasedStateMachine):
    database: Database
    engines: Engines
    url: str

    def __init__(self) -> None:
        super().__init__()
        empty(self.url)  # else each history would check the orders of all others
        self.requests: dict[int, CancellationStatus] = {}

    @initialize(
        placed_lines=st.lists(lines, min_size=1, max_size=3),
        discount=st.integers(0, 100),
        shipping=st.sampled_from([0, 850]),
        paid=st.sampled_from([True, True, True, False]),
        is_guest=st.sampled_from([True, True, False]),
    )
    def place(
        self,
        placed_lines: list[dict[str, Any]],
        discount: int,
        shipping: int,
        paid: bool,
        is_guest: bool,
    ) -> None:
        self.cancellations = StoredCancellations(self.database, is_guest=is_guest)
        self.placed = store_random_order(self.database, placed_lines, discount, shipping, paid)
        earlier = self.placed.created_date - timedelta(days=1)
        self.older = store_order(self.database, user_pk=self.placed.user_pk, created_date=earlier)
        if is_guest:
            self.find_no_older_order({"index": 0, "is_invalid": False})

    def draft(self, drawn: dict[str, Any]) -> Any:
        """A draft that is valid for the line's state, unless ``drawn`` has `is_invalid`."""
        fields = {key: value for key, value in drawn.items() if key not in {"index", "is_invalid"}}
        item = self.placed.items[drawn["index"] % len(self.placed.items)]
        is_refund = (item.delivered_date is not None) is not drawn["is_invalid"]
        fields |= {"iban": IBAN, "holder_name": "Ayşe"}
        return self.cancellations.draft(item.pk, REFUND if is_refund else CANCEL, **fields)

    @rule()
    def tidy(self) -> None:
        """Remove all that can be removed, at once: states and amounts do not change."""
        periods = RetentionPeriods(timedelta(), timedelta(), timedelta())
        with self.database.writing() as uow:
            remove_settled_accounts(timedelta(), 0, BATCH, uow)
            for kind in Expiring:
                remove_expired(kind, periods, BATCH, uow)

    @rule(drawn=drawn_drafts)
    def ask(self, drawn: dict[str, Any]) -> None:
        try:
            self.cancellations.create(self.placed, self.draft(drawn))
        except (FieldErrors, RuleBroken):
            assert self.stored_requests() == self.requests

    @rule(drafts=st.lists(drawn_drafts, min_size=1, max_size=3))
    def ask_for_several(self, drafts: list[dict[str, Any]]) -> None:
        try:
            self.cancellations.create_bulk(self.placed, [self.draft(drawn) for drawn in drafts])
        except RowErrors:
            assert self.stored_requests() == self.requests

    @precondition(lambda self: self.cancellations.is_guest)
    @rule(drawn=drawn_drafts)
    def ask_for_the_older_order(self, drawn: dict[str, Any]) -> None:
        self.find_no_older_order(drawn)

    def find_no_older_order(self, drawn: dict[str, Any]) -> None:
        """A guest can use only the newest order: lines of others are not found."""
        foreign = replace(self.draft(drawn), order_item=self.older.items[0].pk)
        absent = replace(foreign, order_item=2**40)
        refusals = []
        for draft in (foreign, absent):
            with pytest.raises(FieldErrors) as caught:
                self.cancellations.create(self.placed, draft)
            refusals.append(caught.value.errors)
        assert [set(refusal) for refusal in refusals] == [{"order_item"}] * 2
        with pytest.raises(RowErrors):
            self.cancellations.create_bulk(self.placed, [self.draft(drawn), foreign])

    @precondition(lambda self: OPEN in self.requests.values())
    @rule(
        index=st.integers(0, 2),
        decision=st.sampled_from([approve_request, approve_request, reject_request]),
    )
    def answer(self, index: int, decision: Any) -> None:
        self.decide(OPEN, index, decision)

    @precondition(lambda self: APPROVED in self.requests.values())
    @rule(index=st.integers(0, 2))
    def complete(self, index: int) -> None:
        self.decide(APPROVED, index, complete_request)

    @rule()
    def decide_open_requests(self) -> None:
        """Decide all open requests, so that histories continue."""
        for pk, status in self.requests.items():
            if status is OPEN:
                self.cancellations.decide(approve_request, pk)
            if status in (OPEN, APPROVED):
                self.cancellations.decide(complete_request, pk)

    @precondition(lambda self: self.requests)
    @rule(status=st.sampled_from(CancellationStatus), decision=st.sampled_from(DECISIONS))
    def decide_wrongly(self, status: CancellationStatus, decision: Any) -> None:
        if (status, decision) in RIGHTLY or status not in self.requests.values():
            return
        with pytest.raises(Conflict):
            self.decide(status, 0, decision)
        assert self.stored_requests() == self.requests

    def decide(self, status: CancellationStatus, index: int, decision: Any) -> None:
        pks = [pk for pk, present in self.requests.items() if present is status]
        self.cancellations.decide(decision, pks[index % len(pks)])

    def stored_requests(self) -> dict[int, CancellationStatus]:
        order = self.cancellations.order(self.placed.pk)
        return {request.pk: request.status for _, request in requests_of(order)}

    @invariant()
    def all_is_right(self) -> None:
        order = self.cancellations.order(self.placed.pk)
        self.requests = {request.pk: request.status for _, request in requests_of(order)}
        check_units(order)
        check_open_requests(order)
        check_accounts(order, self.cancellations)
        check_money(order)
        self.check_document(order)
        self.check_list(order)

    @invariant()
    def what_is_loaded_is_what_is_stored(self) -> None:
        assert written_of_loaded(self.engines) == []

    def teardown(self) -> None:
        assert stored_counts(self.engines) == true_counts(self.engines)

    def check_document(self, order: Order) -> None:
        """The document is valid under the contract, since rendering validates it."""
        with self.database.reading() as uow:
            body = uow.orders.document(order.user_pk, order.pk, "tr-tr")
        assert body is not None
        document = orjson.loads(body)
        assert document["refund_amount"] == f"{order.refund_amount / 100:.2f}"
        assert document["is_cancelled"] is order.is_cancelled

    def check_list(self, order: Order) -> None:
        """The caller lists all requests that are stored."""
        caller = Caller(order.user_pk, self.cancellations.is_guest)
        with self.database.reading() as uow:
            page = list_cancellation_requests(caller, PageRequest(limit=100), uow)
        assert {request.pk: request.status for request in page.entries} == self.requests


def requests_of(order: Order) -> Iterator[tuple[OrderItem, CancellationRequest]]:
    for item in order.items:
        for request in item.cancellation_requests:
            yield item, request


def check_units(order: Order) -> None:
    for item in order.items:
        counted: Counter[CancellationType] = Counter()
        for request in item.cancellation_requests:
            off = request.status is COMPLETED or (request.is_cancel and request.status is APPROVED)
            counted[request.cancellation_type] += (
                request.quantity if off and request.quantity else 0
            )
        assert 0 <= item.cancelled_quantity + item.refunded_quantity <= item.quantity
        assert item.cancelled_quantity == counted[CANCEL]
        assert item.refunded_quantity == counted[REFUND]


def check_accounts(order: Order, cancellations: StoredCancellations) -> None:
    """An active request that is refunded by bank transfer has an account."""
    reasons = {reason.pk for reason in cancellations.reasons.values()}
    active = [request for _, request in requests_of(order) if request.is_active]
    assert all(request.iban for request in active if request.reason_pk in reasons)


def check_open_requests(order: Order) -> None:
    opened = Counter(
        (item.pk, request.cancellation_type)
        for item, request in requests_of(order)
        if request.is_open
    )
    assert all(number == 1 for number in opened.values())


def check_money(order: Order) -> None:
    """paid = retained + refunded + pending, to the minor unit."""
    planned = [planned for plan in order.cancellation_plans for planned in plan.items]
    pending = sum(item.refund_amount for item in planned if item.request.status is APPROVED)
    assert (
        len(planned) == len({item.request.pk for item in planned}) == len(list(requests_of(order)))
    )
    if order.payment_pending:
        assert order.refund_amount == pending == 0
        return
    paid = order.amount + order.installment_interest_amount
    assert paid == retained(order) + order.refund_amount + pending


def retained(order: Order) -> int:
    """The amount that the shop retains: unsettled units, and shipping unless all is cancelled."""
    goods = 0
    for item in order.items:
        staying = item.quantity - item.settled_quantity
        # Half a minor unit is refunded to the shopper.
        goods += -(-(2 * item.discounted_price * staying - item.quantity) // (2 * item.quantity))
    is_cancelled = all(item.is_cancelled for item in order.items)
    shipping = 0 if is_cancelled else order.shipping_amount
    return goods + shipping + order.installment_interest_amount


@pytest.mark.no_cover  # the same lines, thousands of times
def test_amounts_stay_consistent_in_random_histories(
    database_url: str, checked_database: Database, engines: Engines
) -> None:
    parts = {"database": checked_database, "engines": engines, "url": database_url}
    run_state_machine_as_test(type("Machine", (Cancelling,), parts), settings=histories_of(20))
