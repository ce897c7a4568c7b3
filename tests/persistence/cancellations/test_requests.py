from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from domain.accounts.callers import Caller
from domain.accounts.users import User
from domain.cancellations.decisions import (
    approve_request,
    complete_request,
    list_all_requests,
    show_request,
)
from domain.cancellations.reasons import list_cancellation_reasons
from domain.cancellations.requests import list_cancellation_requests
from domain.idempotency import StoredResponse
from domain.orders.cancellations import CancellationStatus
from domain.orders.orders import Order
from domain.orders.states import OrderState
from domain.shared.errors import Conflict, FieldErrors, RowErrors
from domain.shared.paging import PageRequest
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.cancellations import cancellation_requests
from tests.support.builders import (
    NOW,
    make_address,
    make_easy_return_company,
    make_item,
    make_order,
    make_product,
    make_request,
    make_seller,
)
from tests.support.fakes import FakeClock
from tests.support.stored import listed, store_user
from tests.support.stored_cancellations import (
    CANCEL,
    REFUND,
    SLOT,
    StoredCancellations,
    store_reason_of,
)

FINGERPRINT = b"f" * 32


@pytest.fixture
def cancellations(database: Database) -> StoredCancellations:
    return StoredCancellations(database)


@pytest.fixture
def order(database: Database, shopper: User) -> Order:
    return place(database, shopper)


def place(database: Database, user: User) -> Order:
    """An order of two lines, one to cancel and one to return."""
    yesterday = NOW - timedelta(days=1)
    company = make_easy_return_company(requires_pickup_address=True)
    delivered = make_item(
        line=2,
        product=make_product(sku="delivered"),
        seller=make_seller(),
        state=OrderState.DELIVERED,
        shipped_date=yesterday,
        delivered_date=yesterday,
        easy_return_companies=[company],
    )
    order = make_order(user_pk=user.pk, items=[make_item(quantity=2), delivered])
    with database.writing() as uow:
        uow.orders.add(order)
        uow.commit()
    return order


class TestCreate:
    def test_is_stored_with_its_easy_return(
        self, cancellations: StoredCancellations, order: Order
    ) -> None:
        line = order.items[1]
        draft = cancellations.draft(
            line.pk,
            REFUND,
            shipping_company=line.easy_return_companies[0].pk,
            pickup_address=order.shipping_address.pk,
            pickup_date=SLOT,
            iban="tr33 0006",
            holder_name="Ayşe Yılmaz",
        )

        made = cancellations.create(order, draft)

        stored = cancellations.order(order.pk).items[1].cancellation_requests[0]
        assert (stored.pk, stored.iban, stored.quantity) == (made.pk, "TR330006", 1)
        assert stored.easy_return is not None
        assert stored.easy_return.pickup_start == SLOT.start
        assert stored.easy_return.pickup_address_pk == order.shipping_address.pk

    def test_changes_the_document(
        self, database: Database, cancellations: StoredCancellations, order: Order
    ) -> None:
        before = listed(database, order.user_pk)[0]["version"]

        cancellations.create(order, cancellations.draft(order.items[0].pk))

        assert listed(database, order.user_pk)[0]["version"] > before

    def test_does_not_find_foreign_items(
        self, database: Database, cancellations: StoredCancellations, order: Order
    ) -> None:
        stranger = place(database, store_user(database))

        with pytest.raises(FieldErrors) as caught:
            cancellations.create(stranger, cancellations.draft(order.items[0].pk))

        assert set(caught.value.errors) == {"order_item"}

    def test_finds_the_addresses_of_the_callers_orders(
        self, database: Database, shopper: User, order: Order
    ) -> None:
        foreign = place(database, store_user(database)).shipping_address.pk
        billing = make_address(user_pk=shopper.pk, line="Elsewhere 5")
        other = make_order(user_pk=shopper.pk, billing_address=billing)
        with database.writing() as uow:
            uow.orders.add(other)
            own = {order.shipping_address.pk, other.billing_address.pk}
            caller = Caller(shopper.pk, is_guest=False)

            assert uow.orders.address_pks({*own, foreign, 404}, caller) == own

            granted = Caller(shopper.pk, is_guest=True, order_pk=order.pk)
            assert uow.orders.address_pks(own, granted) == {order.shipping_address.pk}

    def test_finds_the_addresses_of_a_guests_newest_order(
        self, database: Database, shopper: User, order: Order
    ) -> None:
        other = make_order(
            user_pk=shopper.pk,
            created_date=order.created_date - timedelta(seconds=1),
            billing_address=make_address(user_pk=shopper.pk, line="Elsewhere 5"),
        )
        with database.writing() as uow:
            uow.orders.add(other)
            own = {order.shipping_address.pk, other.billing_address.pk}

            guest = Caller(shopper.pk, is_guest=True)
            assert uow.orders.address_pks(own, guest) == {order.shipping_address.pk}

    def test_finds_only_lines_of_a_guests_newest_order(
        self, database: Database, cancellations: StoredCancellations, shopper: User, order: Order
    ) -> None:
        """Of two orders with the same date, the one with the higher pk is newer, as in the list."""
        newest = place(database, shopper)
        cancellations.is_guest = True

        for older in (order.items[0].pk, order.items[1].pk):
            with pytest.raises(FieldErrors) as caught:
                cancellations.create(order, cancellations.draft(older))
            assert set(caught.value.errors) == {"order_item"}
            with pytest.raises(RowErrors):
                cancellations.create_bulk(
                    order, [cancellations.draft(newest.items[0].pk), cancellations.draft(older)]
                )

        assert cancellations.create(newest, cancellations.draft(newest.items[0].pk)).is_open
        assert listed(database, shopper.pk, is_guest=True)[0]["pk"] == newest.pk

    def test_fails_if_a_writer_without_locks_was_first(
        self, database: Database, cancellations: StoredCancellations, engines: Engines, order: Order
    ) -> None:
        """The unique index refuses a second open request even without locks."""
        cancellations.create(order, cancellations.draft(order.items[0].pk))
        reason = cancellations.reasons[CANCEL].pk
        with database.writing() as uow:
            [again] = uow.orders.lock_by_items([order.items[0].pk], None)
            again.items[0].modified_date = NOW
            with (
                pytest.raises(Conflict) as caught,
                uow.cancellation_requests.opening([order.items[0].pk]),
            ):
                again.items[0].cancellation_requests.append(make_request(reason_pk=reason))
            uow.commit()

        assert caught.value.code == "cancellation_request_100_17"
        assert len(cancellations.order(order.pk).items[0].cancellation_requests) == 1

    def test_with_a_key_fails_if_a_writer_without_locks_was_first(
        self, database: Database, cancellations: StoredCancellations, order: Order
    ) -> None:
        """The work runs again with savepoints, so that the refusal is stored."""
        cancellations.create(order, cancellations.draft(order.items[0].pk))
        item_pks = [order.items[0].pk]
        key = ("user:1", "key")
        refusals: list[Conflict | None] = []

        def work(uow: Any) -> None:
            uow.idempotency_keys.claim(*key, FINGERPRINT, uow.now)
            [again] = uow.orders.lock_by_items(item_pks, None)
            refusals.append(None)
            try:
                with uow.cancellation_requests.opening(item_pks):
                    request = make_request(reason_pk=cancellations.reasons[CANCEL].pk)
                    again.items[0].cancellation_requests.append(request)
            except Conflict as refusal:
                refusals[-1] = refusal
            uow.idempotency_keys.store(*key, StoredResponse(409, "text/plain", b"first come"))
            uow.commit()

        database.write(work)

        first, second = refusals
        assert first is None
        assert second is not None
        assert second.code == "cancellation_request_100_17"
        with database.writing() as uow:
            stored = uow.idempotency_keys.claim(*key, FINGERPRINT, uow.now)
        assert stored == StoredResponse(409, "text/plain", b"first come")
        assert len(cancellations.order(order.pk).items[0].cancellation_requests) == 1

    def test_raises_other_errors_unchanged(self, database: Database, order: Order) -> None:
        item_pks = [order.items[0].pk]
        with database.writing() as uow:
            [locked] = uow.orders.lock_by_items(item_pks, None)
            with pytest.raises(IntegrityError), uow.cancellation_requests.opening(item_pks):
                locked.items[0].cancellation_requests.append(make_request(reason_pk=404))


class TestSettle:
    def test_is_stored(
        self, database: Database, cancellations: StoredCancellations, order: Order
    ) -> None:
        draft = cancellations.draft(
            order.items[0].pk, quantity=1, fully_refund_as_loyalty_money=True
        )
        request = cancellations.create(order, draft)

        cancellations.decide(approve_request, request.pk)
        cancellations.decide(complete_request, request.pk)

        stored = cancellations.order(order.pk)
        assert stored.items[0].cancelled_quantity == 1
        assert stored.refund_amount == stored.loyalty_transactions[0].amount == 5000
        assert stored.cancellation_plans[0].refund_amount == 5000
        with database.reading() as uow:
            shown = show_request(request.pk, uow)
        trail = [(entry.from_state, entry.to_state) for entry in shown.audit]
        assert trail == [(None, "open"), ("open", "approved"), ("approved", "completed")]

    def test_is_refused_in_a_reading_unit_of_work(
        self, database: Database, cancellations: StoredCancellations, order: Order
    ) -> None:
        request = cancellations.create(order, cancellations.draft(order.items[0].pk))

        with database.reading() as uow, pytest.raises(RuntimeError, match="changes nothing"):
            approve_request(request.pk, "operator:ayse", uow)


class TestList:
    def test_has_the_callers_requests_newest_first(
        self, database: Database, cancellations: StoredCancellations, order: Order, clock: FakeClock
    ) -> None:
        other = place(database, store_user(database))
        cancellations.create(other, cancellations.draft(other.items[0].pk))
        first = cancellations.create(order, cancellations.draft(order.items[0].pk))
        clock.now = NOW + timedelta(hours=1)
        second = cancellations.create(order, cancellations.draft(order.items[1].pk, REFUND))

        with database.reading() as uow:
            caller = Caller(order.user_pk, is_guest=False)
            page = list_cancellation_requests(caller, PageRequest(), uow)
            last = list_cancellation_requests(caller, PageRequest(2, limit=1), uow)

        assert [request.pk for request in page.entries] == [second.pk, first.pk]
        assert (page.count, [request.pk for request in last.entries]) == (2, [first.pk])

    def test_loads_easy_returns_and_no_images(
        self, database: Database, cancellations: StoredCancellations, order: Order
    ) -> None:
        line = order.items[1]
        company = line.easy_return_companies[0]
        address = order.shipping_address.pk
        cancellations.create(
            order,
            cancellations.draft(
                line.pk, REFUND, shipping_company=company.pk, pickup_address=address
            ),
        )

        with database.reading() as uow:
            [listed] = list_all_requests(CancellationStatus.OPEN, PageRequest(), uow).entries

        request = listed.request
        assert request.easy_return is not None
        assert request.easy_return.shipping_company.value == "yurtici"
        with pytest.raises(AttributeError):
            _ = request.images

    def test_of_a_guest_with_a_grant_has_one_order(
        self, database: Database, cancellations: StoredCancellations, order: Order, shopper: User
    ) -> None:
        other = place(database, shopper)
        cancellations.create(other, cancellations.draft(other.items[0].pk))
        guest = Caller(shopper.pk, is_guest=True, order_pk=order.pk)

        with database.reading() as uow:
            assert list_cancellation_requests(guest, PageRequest(), uow).count == 0

    def test_of_a_guest_with_a_session_has_the_newest_order(
        self, database: Database, cancellations: StoredCancellations, order: Order, shopper: User
    ) -> None:
        cancellations.create(order, cancellations.draft(order.items[0].pk))
        guest = Caller(shopper.pk, is_guest=True)

        def seen() -> list[int]:
            with database.reading() as uow:
                page = list_cancellation_requests(guest, PageRequest(), uow)
            assert page.count == len(page.entries)
            return [request.pk for request in page.entries]

        assert len(seen()) == 1
        newest = place(database, shopper)
        assert seen() == []
        request = cancellations.create(newest, cancellations.draft(newest.items[0].pk))
        assert seen() == [request.pk]

    def test_of_a_shopper_has_all_orders(
        self, database: Database, cancellations: StoredCancellations, order: Order, shopper: User
    ) -> None:
        request = cancellations.create(order, cancellations.draft(order.items[0].pk))
        place(database, shopper)
        caller = Caller(shopper.pk, is_guest=False)

        with database.reading() as uow:
            page = list_cancellation_requests(caller, PageRequest(), uow)

        assert [listed.pk for listed in page.entries] == [request.pk]

    def test_of_the_operator_can_be_filtered_by_status(
        self, database: Database, cancellations: StoredCancellations, order: Order
    ) -> None:
        request = cancellations.create(order, cancellations.draft(order.items[0].pk))

        with database.reading() as uow:
            approved = list_all_requests(CancellationStatus.APPROVED, PageRequest(), uow)
            everything = list_all_requests(None, PageRequest(), uow)

        assert approved.entries == []
        assert [(entry.order_number, entry.request.pk) for entry in everything.entries] == [
            (order.number, request.pk)
        ]


class TestReasons:
    def test_are_sorted_by_position(self, database: Database) -> None:
        second = store_reason_of(database, order=2)
        first = store_reason_of(database, order=1)
        third = store_reason_of(database, REFUND, order=2)
        store_reason_of(database, order=0, is_active=False)

        with database.reading() as uow:
            page = list_cancellation_reasons(None, PageRequest(), uow)
            cancels = list_cancellation_reasons(CANCEL, PageRequest(), uow)

        assert [reason.pk for reason in page.entries] == [first.pk, second.pk, third.pk]
        assert cancels.count == 2

    def test_are_found_by_pk_even_if_inactive(self, database: Database) -> None:
        retired = store_reason_of(database, is_active=False)

        with database.reading() as uow:
            assert set(uow.cancellation_reasons.by_pks([retired.pk, 404])) == {retired.pk}


def test_the_iban_is_in_one_table_only(
    database: Database, cancellations: StoredCancellations, engines: Engines, order: Order
) -> None:
    draft = cancellations.draft(order.items[0].pk, iban="TR330006", holder_name="Ayşe")
    request = cancellations.create(order, draft)
    cancellations.decide(approve_request, request.pk)

    with engines.autocommit.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            rows = connection.execute(sa.text(f'SELECT * FROM "{table}"')).all()  # noqa: S608  # names from the database itself
            assert ("TR330006" in repr(rows)) is (table == cancellation_requests.name)
