from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from domain.accounts.callers import Caller
from domain.orders.orders import (
    OrderFilters,
    OrderQuery,
    get_order_cancellation,
    get_user_order,
    list_user_orders,
)
from domain.shared.errors import InvalidInput, InvalidPage, NotFound
from domain.shared.paging import DocumentPage, PageRequest
from tests.support.builders import NOW
from tests.support.order_fakes import GUEST, SHOPPER, FakeOrders, FakeUnitOfWork

NOT_STORABLE = [0, -1, 2**63, 10**4000]


def query_of(caller: Caller = SHOPPER, **filters: Any) -> OrderQuery:
    """The query of the stored orders for a list with these filters."""
    orders = FakeOrders(total=1)
    list_user_orders(
        caller, OrderFilters(**filters), PageRequest(), "en-us", FakeUnitOfWork(orders)
    )
    query: OrderQuery = orders.queries[0]
    return query


class TestListUserOrders:
    def test_returns_the_requested_page(self) -> None:
        uow = FakeUnitOfWork(FakeOrders(total=21))

        page = list_user_orders(SHOPPER, OrderFilters(), PageRequest(2, 20), "tr-tr", uow)

        assert page == DocumentPage(21, 2, 20, [b"2 in tr-tr"])

    def test_refuses_a_page_past_the_end(self) -> None:
        uow = FakeUnitOfWork(FakeOrders(total=20))

        with pytest.raises(InvalidPage):
            list_user_orders(SHOPPER, OrderFilters(), PageRequest(2, 20), "tr-tr", uow)

    def test_has_all_orders_without_filters(self) -> None:
        assert query_of() == OrderQuery(user_pk=1)

    def test_a_guest_has_only_the_newest(self) -> None:
        assert query_of(GUEST, search="17") == OrderQuery(user_pk=1, search="17", newest_only=True)

    def test_the_last_month_is_30_days(self) -> None:
        assert query_of(last_month=True).created_from == NOW - timedelta(days=30)

    def test_the_later_lower_bound_applies(self) -> None:
        recent = NOW - timedelta(days=3)

        assert query_of(last_month=True, created_date__gte=recent).created_from == recent

    def test_a_date_means_the_whole_day(self) -> None:
        query = query_of(created_date__gte=date(2026, 2, 1), created_date__lte=date(2026, 2, 2))

        assert query.created_from == datetime(2026, 2, 1, tzinfo=UTC)
        assert query.created_to == datetime(2026, 2, 2, 23, 59, 59, 999999, tzinfo=UTC)

    def test_a_datetime_without_a_zone_is_utc(self) -> None:
        naive = datetime.fromisoformat("2026-02-01T10:00:00")

        assert query_of(created_date__lte=naive).created_to == datetime(2026, 2, 1, 10, tzinfo=UTC)

    def test_a_datetime_with_a_zone_is_converted_to_utc(self) -> None:
        local = datetime(2026, 2, 1, 2, tzinfo=timezone(timedelta(hours=3)))

        assert query_of(created_date__gte=local).created_from == datetime(
            2026, 1, 31, 23, tzinfo=UTC
        )

    @pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-12:00"])
    def test_the_first_and_last_dates_do_not_overflow(self, text: str) -> None:
        bound = datetime.fromisoformat(text)

        assert query_of(created_date__gte=bound).created_from == bound.replace(tzinfo=UTC)

    @pytest.mark.parametrize(
        ("search", "code"), [("a\0b", "null_character"), ("\ud800", "invalid_text")]
    )
    def test_refuses_a_search_that_no_text_can_match(self, search: str, code: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            query_of(search=search)

        assert (refusal.value.field, refusal.value.code) == ("search", code)


@pytest.mark.parametrize("get", [get_user_order, get_order_cancellation])
class TestGetting:
    def test_returns_an_own_order(self, get: Any) -> None:
        uow = FakeUnitOfWork(FakeOrders(documents={(1, 7): b"own"}))

        assert get(SHOPPER, 7, "en-us", uow) == b"own"

    def test_finds_no_foreign_or_absent_one(self, get: Any) -> None:
        uow = FakeUnitOfWork(FakeOrders(documents={(2, 7): b"foreign"}))

        with pytest.raises(NotFound):
            get(SHOPPER, 7, "en-us", uow)

    @pytest.mark.parametrize("pk", NOT_STORABLE)
    def test_does_not_query_a_pk_that_can_not_be_stored(self, get: Any, pk: int) -> None:
        with pytest.raises(NotFound):
            get(SHOPPER, pk, "en-us", FakeUnitOfWork(orders=None))

    def test_finds_nothing_for_a_guest_without_orders(self, get: Any) -> None:
        with pytest.raises(NotFound):
            get(GUEST, 7, "en-us", FakeUnitOfWork(FakeOrders()))


class TestGuests:
    @pytest.mark.parametrize("pk", [7, *NOT_STORABLE])
    def test_get_the_order_with_their_highest_pk_for_any_pk(self, pk: int) -> None:
        uow = FakeUnitOfWork(FakeOrders(documents={"highest": b"highest", (1, 7): b"other"}))

        assert get_user_order(GUEST, pk, "en-us", uow) == b"highest"

    @pytest.mark.parametrize("pk", [7, *NOT_STORABLE])
    def test_get_the_cancellation_of_their_latest_order(self, pk: int) -> None:
        uow = FakeUnitOfWork(FakeOrders(documents={"latest": b"latest", (1, 7): b"other"}))

        assert get_order_cancellation(GUEST, pk, "en-us", uow) == b"latest"
