from datetime import timedelta
from typing import Any

import pytest

from domain.accounts.callers import ANONYMOUS, Caller
from domain.cancellations.codes import CancellationCode
from domain.cancellations.requests import (
    CancellationRequestQuery,
    create_bulk_cancellation_requests,
    create_cancellation_request,
    list_cancellation_requests,
)
from domain.orders.cancellation_plans import PlanStatus
from domain.orders.cancellations import CancellationRequest, CancellationStatus, CancelStatus
from domain.orders.orders import Order
from domain.orders.states import OrderState
from domain.outbox import OutboxKind
from domain.shared.errors import FieldErrors, InvalidPage, RowErrors, RuleBroken
from domain.shared.paging import PageRequest
from tests.support.builders import (
    NOW,
    make_discount,
    make_easy_return_company,
    make_request,
    make_seller,
)
from tests.support.cancellation_fakes import (
    GOOD_IBAN,
    POLICY,
    REFUND,
    SHOPPER,
    SLOT,
    FakeUnitOfWork,
    delivered_item,
    draft,
    stored_item,
    stored_order,
)


def create(order: Order, uow: FakeUnitOfWork | None = None, **fields: Any) -> CancellationRequest:
    """A request for the first line of the order."""
    uow = uow or FakeUnitOfWork(order)
    return create_cancellation_request(SHOPPER, draft(order.items[0], **fields), POLICY, uow)


class TestCreate:
    def test_has_all_remaining_units_by_default(self) -> None:
        request = create(stored_order(stored_item(quantity=5, cancelled_quantity=2)))

        assert request.quantity == 3

    def test_has_the_named_quantity(self) -> None:
        assert create(stored_order(stored_item(quantity=5)), quantity=2).quantity == 2

    def test_moves_a_line_to_be_cancelled_to_waiting(self) -> None:
        order = stored_order(stored_item(state=OrderState.PACKAGED))

        request = create(order)

        item = order.items[0]
        assert item.state is OrderState.CANCELLATION_WAITING
        assert item.state_before_cancellation is OrderState.PACKAGED
        assert item.cancel_status is CancelStatus.WAITING
        assert item.active_cancellation_request is request

    def test_leaves_the_state_of_a_line_to_be_returned(self) -> None:
        order = stored_order(delivered_item())

        create(order, cancellation_type=REFUND)

        assert order.items[0].state is OrderState.DELIVERED
        assert order.items[0].cancel_status is CancelStatus.WAITING

    def test_stores_the_iban_compactly_and_does_not_show_it(self) -> None:
        order = stored_order()
        uow = FakeUnitOfWork(order)

        request = create(order, uow, iban=GOOD_IBAN, holder_name="Ayşe Yılmaz")

        assert request.iban == GOOD_IBAN.replace(" ", "")
        assert request.holder_name == "Ayşe Yılmaz"
        added = [*uow.outbox.added, *uow.audit.added]
        assert request.iban not in repr([vars(event) for event in added]) + repr(request)

    def test_leaves_the_commit_to_the_caller(self) -> None:
        order = stored_order()
        uow = FakeUnitOfWork(order)

        create(order, uow)

        assert uow.commits == 0

    def test_is_audited(self) -> None:
        order = stored_order()
        uow = FakeUnitOfWork(order)

        request = create(order, uow)

        assert uow.audit.changes(request.uuid) == [(None, "open")]
        assert uow.audit.changes(order.items[0].uuid) == [("waiting", "cancellation_waiting")]
        assert uow.audit.changes(order.cancellation_plans[0].uuid) == [(None, "waiting")]
        assert {entry.actor for entry in uow.audit.added} == {"user:1"}

    def test_enqueues_an_email(self) -> None:
        order = stored_order(language_code="tr-tr", discounts=[make_discount(amount=1000)])
        uow = FakeUnitOfWork(order)

        request = create(order, uow)

        [event] = uow.outbox.added
        assert event.kind is OutboxKind.CANCELLATION_RECEIVED
        assert event.payload["email"] == order.user_email
        assert event.payload["language"] == "tr-tr"
        [line] = event.payload["requests"]
        assert line["uuid"] == str(request.uuid)
        assert line["refund_amount"] == "90.00"

    def test_a_guest_with_a_grant_may_cancel_the_granted_order(self) -> None:
        order = stored_order()
        guest = Caller(1, is_guest=True, order_pk=order.pk)
        uow = FakeUnitOfWork(order)

        create_cancellation_request(guest, draft(order.items[0]), POLICY, uow)

        assert uow.audit.added[0].actor == "guest:1"

    @pytest.mark.parametrize("days", [1, 0])
    def test_a_guest_with_a_session_may_cancel_only_the_newest_order(self, days: int) -> None:
        older = stored_order(created_date=NOW - timedelta(days=days))
        newest = stored_order(created_date=NOW)
        guest = Caller(1, is_guest=True)
        uow = FakeUnitOfWork(newest, older)

        with pytest.raises(FieldErrors) as caught:
            create_cancellation_request(guest, draft(older.items[0]), POLICY, uow)
        create_cancellation_request(guest, draft(newest.items[0]), POLICY, uow)

        assert set(caught.value.errors) == {"order_item"}


class TestEasyReturn:
    def test_a_return_with_a_carrier_has_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("domain.cancellations.requests.randbelow", lambda bound: bound - 1)
        company = make_easy_return_company()
        order = stored_order(delivered_item(easy_return_companies=[company]))
        address = order.shipping_address.pk

        made = create(
            order,
            cancellation_type=REFUND,
            shipping_company=company.pk,
            pickup_address=address,
            pickup_date=SLOT,
        ).easy_return

        assert made is not None
        assert (made.shipping_company, made.status) == (company.shipping_company, "active")
        assert (made.pickup_date, made.pickup_start, made.pickup_end) == (
            SLOT.date,
            SLOT.start,
            SLOT.end,
        )
        assert (made.start_date, made.pickup_address_pk) == (NOW, address)
        assert made.code == "9" * 10

    def test_a_return_without_a_carrier_has_none(self) -> None:
        assert create(stored_order(delivered_item()), cancellation_type=REFUND).easy_return is None

    def test_a_cancellation_has_none(self) -> None:
        company = make_easy_return_company()
        order = stored_order(stored_item(easy_return_companies=[company]))

        assert create(order, shipping_company=company.pk).easy_return is None


class TestPlans:
    def test_there_is_one_for_each_seller_and_type(self) -> None:
        seller = make_seller()
        lines = [stored_item(seller=seller), stored_item(seller=seller), stored_item()]
        order = stored_order(*lines, delivered_item(seller=seller))
        drafts = [draft(line) for line in lines]
        drafts.append(draft(order.items[3], cancellation_type=REFUND))

        create_bulk_cancellation_requests(SHOPPER, drafts, POLICY, FakeUnitOfWork(order))

        made = [(p.seller, p.plan_type, len(p.items)) for p in order.cancellation_plans]
        assert made == [(seller, "cancel", 2), (None, "cancel", 1), (seller, "refund", 1)]

    def test_a_request_joins_a_waiting_plan(self) -> None:
        order = stored_order(stored_item(price=1000), stored_item(price=500))
        uow = FakeUnitOfWork(order)
        create(order, uow)

        create_cancellation_request(SHOPPER, draft(order.items[1]), POLICY, uow)

        [plan] = order.cancellation_plans
        assert (plan.status, plan.refund_amount) == (PlanStatus.WAITING, 1500)

    def test_a_request_does_not_join_a_decided_plan(self) -> None:
        order = stored_order(stored_item(), stored_item())
        uow = FakeUnitOfWork(order)
        create(order, uow)
        order.cancellation_plans[0].status = PlanStatus.APPROVED

        create_cancellation_request(SHOPPER, draft(order.items[1]), POLICY, uow)

        assert len(order.cancellation_plans) == 2

    def test_forecast_the_discount_of_the_units(self) -> None:
        order = stored_order(
            stored_item(quantity=3, price=1000), discounts=[make_discount(amount=100)]
        )

        create(order, quantity=1)

        [plan] = order.cancellation_plans
        assert (plan.refund_amount, plan.discount_refund_amount) == (300, 33)


class TestCreateBulk:
    def bulk(self, uow: FakeUnitOfWork, *drafts: Any) -> list[CancellationRequest]:
        return create_bulk_cancellation_requests(SHOPPER, drafts, POLICY, uow)

    def test_returns_requests_in_the_order_of_the_drafts(self) -> None:
        order = stored_order(stored_item(), stored_item())
        first, second = order.items

        requests = self.bulk(FakeUnitOfWork(order), draft(second), draft(first))

        assert [request.order_item_pk for request in requests] == [second.pk, first.pk]

    def test_enqueues_one_email_for_each_order(self) -> None:
        both = [stored_order(stored_item(), stored_item()), stored_order()]
        uow = FakeUnitOfWork(*both)

        self.bulk(uow, *(draft(item) for order in both for item in order.items))

        assert [len(event.payload["requests"]) for event in uow.outbox.added] == [2, 1]

    def test_reports_every_invalid_row_and_changes_nothing(self) -> None:
        order = stored_order(stored_item(), stored_item(state=OrderState.SHIPPED))
        good, shipped = order.items
        uow = FakeUnitOfWork(order)

        with pytest.raises(RowErrors) as caught:
            self.bulk(uow, draft(good), draft(shipped), draft(404), draft(good))

        errors = caught.value.errors
        assert {index: error.code for index, error in errors.items()} == {
            1: CancellationCode.NOT_CANCELLABLE,
            2: CancellationCode.UNKNOWN_ORDER_ITEM,
            3: CancellationCode.ITEM_GIVEN_TWICE,
        }
        assert caught.value.is_invalid_input
        assert good.cancellation_requests == []
        assert (uow.outbox.added, uow.audit.added) == ([], [])

    def test_a_row_in_the_wrong_state_is_not_invalid_input(self) -> None:
        order = stored_order(stored_item(state=OrderState.SHIPPED))

        with pytest.raises(RowErrors) as caught:
            self.bulk(FakeUnitOfWork(order), draft(order.items[0]))

        assert not caught.value.is_invalid_input
        assert isinstance(caught.value.errors[0], RuleBroken)

    def test_of_one_order_finds_no_items_of_another(self) -> None:
        order, other = stored_order(), stored_order()
        uow = FakeUnitOfWork(order, other)
        drafts = [draft(order.items[0]), draft(other.items[0])]

        with pytest.raises(RowErrors) as caught:
            create_bulk_cancellation_requests(SHOPPER, drafts, POLICY, uow, order_pk=order.pk)

        codes = {index: error.code for index, error in caught.value.errors.items()}
        assert codes == {1: CancellationCode.UNKNOWN_ORDER_ITEM}
        assert order.items[0].cancellation_requests == []

    def test_of_one_order_finds_its_items(self) -> None:
        order = stored_order()

        [opened] = create_bulk_cancellation_requests(
            SHOPPER, [draft(order.items[0])], POLICY, FakeUnitOfWork(order), order_pk=order.pk
        )

        assert opened.order_item_pk == order.items[0].pk

    def test_finds_nothing_for_an_anonymous_caller(self) -> None:
        order = stored_order()

        with pytest.raises(RowErrors) as caught:
            create_bulk_cancellation_requests(
                ANONYMOUS, [draft(order.items[0])], POLICY, FakeUnitOfWork(order)
            )

        assert isinstance(caught.value.errors[0], FieldErrors)


class TestDefaults:
    def test_fill_absent_fields_of_a_row(self) -> None:
        filled = draft(1).with_defaults(pickup_address=5, fully_refund_as_loyalty_money=True)

        assert (filled.pickup_address, filled.fully_refund_as_loyalty_money) == (5, True)

    def test_do_not_overwrite_fields_of_a_row(self) -> None:
        row = draft(1, pickup_address=4, fully_refund_as_loyalty_money=False)

        assert row.with_defaults(pickup_address=5, fully_refund_as_loyalty_money=True) == row


class TestList:
    def test_has_the_callers_requests(self) -> None:
        order = stored_order(stored_item(cancellation_requests=[make_request()]))
        uow = FakeUnitOfWork(order)
        guest = Caller(1, is_guest=True, order_pk=order.pk)

        page = list_cancellation_requests(guest, PageRequest(), uow)

        assert (page.count, page.entries) == (1, order.items[0].cancellation_requests)
        assert uow.cancellation_requests.queries == [
            CancellationRequestQuery(user_pk=1, order_pk=order.pk)
        ]

    @pytest.mark.parametrize("is_guest", [True, False])
    def test_has_only_the_newest_order_of_a_guest_with_a_session(self, is_guest: bool) -> None:
        uow = FakeUnitOfWork()

        list_cancellation_requests(Caller(1, is_guest=is_guest), PageRequest(), uow)

        assert uow.cancellation_requests.queries == [
            CancellationRequestQuery(user_pk=1, newest_only=is_guest)
        ]

    def test_has_no_page_past_its_end(self) -> None:
        with pytest.raises(InvalidPage):
            list_cancellation_requests(SHOPPER, PageRequest(2), FakeUnitOfWork())


def test_another_request_is_possible_after_a_completed_one() -> None:
    order = stored_order(stored_item(quantity=2, cancelled_quantity=1))
    earlier = NOW - timedelta(days=1)
    done = make_request(quantity=1, status=CancellationStatus.COMPLETED, created_date=earlier)
    order.items[0].cancellation_requests.append(done)

    assert create(order).quantity == 1
