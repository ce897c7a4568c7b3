from typing import Any

import pytest

from domain.orders.old_orders import (
    OldOrderField,
    OldOrderFilters,
    OldOrderQuery,
    OldOrderSort,
    get_old_order,
    list_old_orders,
)
from domain.shared.errors import InvalidInput, InvalidPage, NotFound
from domain.shared.money import Currency
from domain.shared.paging import DocumentPage, PageRequest
from tests.support.order_fakes import GUEST, SHOPPER, FakeOrders, FakeUnitOfWork


def query_of(**filters: Any) -> OldOrderQuery:
    """The query of the stored old orders for a list with these filters."""
    stored = FakeOrders(total=1)
    uow = FakeUnitOfWork(stored)
    list_old_orders(SHOPPER, OldOrderFilters(**filters), PageRequest(), "en-us", uow)
    query: OldOrderQuery = stored.queries[0]
    return query


class TestListOldOrders:
    def test_returns_the_requested_page(self) -> None:
        uow = FakeUnitOfWork(FakeOrders(total=21))

        page = list_old_orders(SHOPPER, OldOrderFilters(), PageRequest(2, 20), "tr-tr", uow)

        assert page == DocumentPage(21, 2, 20, [b"2 in tr-tr"])

    def test_sorts_by_newest_first_by_default(self) -> None:
        newest_first = OldOrderSort(OldOrderField.CREATED_DATE, descending=True)

        assert query_of() == OldOrderQuery(user_pk=1, sort=newest_first)

    def test_queries_with_the_filters(self) -> None:
        query = query_of(currency="usd", search="17", sort="amount")

        by_amount = OldOrderSort(OldOrderField.AMOUNT, descending=False)
        assert query == OldOrderQuery(1, currency=Currency.USD, search="17", sort=by_amount)

    @pytest.mark.parametrize(
        ("filters", "field"),
        [
            ({"currency": "xyz"}, "currency"),
            ({"currency": "TRY"}, "currency"),
            ({"sort": "pk"}, "sort"),
            ({"sort": "--amount"}, "sort"),
            ({"sort": ""}, "sort"),
            ({"search": "\0"}, "search"),
        ],
    )
    def test_names_the_invalid_field(self, filters: dict[str, str], field: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            query_of(**filters)

        assert refusal.value.field == field

    def test_is_empty_for_guests(self) -> None:
        uow = FakeUnitOfWork(FakeOrders(total=5))

        page = list_old_orders(GUEST, OldOrderFilters(), PageRequest(), "en-us", uow)

        assert page == DocumentPage(0, 1, 20, [])

    def test_has_no_second_page_for_guests(self) -> None:
        with pytest.raises(InvalidPage):
            list_old_orders(GUEST, OldOrderFilters(), PageRequest(2), "en-us", FakeUnitOfWork(None))


class TestSort:
    @pytest.mark.parametrize("field", OldOrderField)
    def test_ascends_and_descends_with_a_minus(self, field: OldOrderField) -> None:
        assert OldOrderSort.parse(field) == OldOrderSort(field, descending=False)
        assert OldOrderSort.parse(f"-{field}") == OldOrderSort(field, descending=True)


class TestGetOldOrder:
    def test_returns_an_own_order(self) -> None:
        uow = FakeUnitOfWork(FakeOrders(documents={(1, 7): b"own"}))

        assert get_old_order(SHOPPER, 7, "en-us", uow) == b"own"

    @pytest.mark.parametrize("pk", [7, 8, 0, -1, 2**63])
    def test_finds_no_foreign_or_absent_one(self, pk: int) -> None:
        uow = FakeUnitOfWork(FakeOrders(documents={(2, 7): b"foreign"}))

        with pytest.raises(NotFound):
            get_old_order(SHOPPER, pk, "en-us", uow)

    def test_finds_nothing_for_guests(self) -> None:
        uow = FakeUnitOfWork(FakeOrders(documents={(1, 7): b"own"}))

        with pytest.raises(NotFound):
            get_old_order(GUEST, 7, "en-us", uow)
