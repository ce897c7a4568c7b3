import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.accounts.callers import Caller
from domain.accounts.users import User
from domain.orders.old_orders import (
    OldOrderField,
    OldOrderFilters,
    list_old_orders,
)
from domain.shared.money import Currency, parse_amount
from domain.shared.paging import PageRequest
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.old_orders import NOT_INDEXED, old_orders
from tests.support import citus
from tests.support.builders import NOW, make_old_item, make_old_order
from tests.support.fakes import FakeRenderer
from tests.support.stored import index_definitions, plan_of, store_old_order, store_user

# By code point: capitals before small letters, both before non-ASCII characters, and last those
# that UTF-16 sorts before U+FFFD.
TEXTS = ["B", "a", "z", "É", "ı", "\ufffd", "😀"]
VALUES: dict[OldOrderField, list[Any]] = {
    OldOrderField.NUMBER: ["B1", "a1", "z1", "É1", "ı1", "\ufffd1", "😀1"],
    OldOrderField.CREATED_DATE: [NOW + timedelta(microseconds=n) for n in (2, 0, 1, 1)],
    OldOrderField.AMOUNT: [2**40, 0, 99, 99],
    OldOrderField.DISCOUNT_AMOUNT: [2**40, 0, 99, 99],
    OldOrderField.CURRENCY: [Currency.USD, Currency.AED, Currency.TRY, Currency.TRY],
    OldOrderField.INSTALLMENT_COUNT: [12, 1, 3, 3],
    OldOrderField.USER_EMAIL: TEXTS,
    OldOrderField.STATUS: TEXTS,
}
NULLABLE = [None, *TEXTS, None]


def pks(database: Database, caller: Caller, **filters: Any) -> list[int]:
    page = PageRequest(filters.pop("page", 1), filters.pop("limit", 100))
    with database.reading() as uow:
        listed = list_old_orders(caller, OldOrderFilters(**filters), page, "en-us", uow)
    return [json.loads(document)["pk"] for document in listed.documents]


@pytest.fixture
def caller(shopper: User) -> Caller:
    return Caller(shopper.pk, is_guest=False)


class TestSort:
    @pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
    @pytest.mark.parametrize("field", OldOrderField)
    def test_has_nulls_last_text_by_code_point_and_ties_newest_first(
        self, database: Database, caller: Caller, field: OldOrderField, descending: bool
    ) -> None:
        values = {
            store_old_order(database, user_pk=caller.user_pk, **{field: value}): value
            for value in VALUES.get(field, NULLABLE)
        }
        newest_first = sorted(values, reverse=True)
        known = [pk for pk in newest_first if values[pk] is not None]
        unknown = [pk for pk in newest_first if values[pk] is None]

        known.sort(key=lambda pk: values[pk], reverse=descending)

        matching = pks(database, caller, sort=f"-{field}" if descending else str(field))

        assert matching == known + unknown

    @pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
    @pytest.mark.parametrize("field", [OldOrderField.AMOUNT, OldOrderField.DISCOUNT_AMOUNT])
    def test_compares_amounts_by_value_in_any_currency(
        self, database: Database, caller: Caller, field: OldOrderField, descending: bool
    ) -> None:
        # 1 digit more in the minor units of the currencies with three decimals.
        amounts = [
            ("140.00", Currency.TRY),
            ("186.666", Currency.JOD),
            ("186.67", Currency.USD),
            ("186.670", Currency.KWD),
            ("372.00", Currency.EUR),
            ("999999999999.99", Currency.TRY),
            ("999999999999.999", Currency.IQD),
        ]
        values = {
            store_old_order(
                database,
                user_pk=caller.user_pk,
                currency=currency,
                **{field: parse_amount(amount, currency)},
            ): Decimal(amount)
            for amount, currency in reversed(amounts)
        }
        newest_first = sorted(values, reverse=True)

        matching = pks(database, caller, sort=f"-{field}" if descending else str(field))

        assert matching == sorted(newest_first, key=values.__getitem__, reverse=descending)

    def test_holds_across_pages(self, database: Database, caller: Caller) -> None:
        stored = [
            store_old_order(database, user_pk=caller.user_pk, bank=bank)
            for bank in ("a", None, "a", None, "b")
        ]

        pages = [pks(database, caller, sort="bank", limit=2, page=page) for page in (1, 2, 3)]

        first, second, third, fourth, fifth = stored
        assert pages == [[third, first], [fifth, fourth], [second]]


class TestFilters:
    def test_can_select_a_currency(self, database: Database, caller: Caller) -> None:
        store_old_order(database, user_pk=caller.user_pk)
        dollars = store_old_order(database, user_pk=caller.user_pk, currency=Currency.USD)

        assert pks(database, caller, currency="usd") == [dollars]

    @pytest.mark.parametrize("search", ["%", "x", "_"])
    def test_can_select_a_literal_part_of_the_number(
        self, database: Database, caller: Caller, search: str
    ) -> None:
        matching = store_old_order(database, user_pk=caller.user_pk, number=f"17{search}4")
        store_old_order(database, user_pk=caller.user_pk, number="17X4")

        assert pks(database, caller, search=search) == [matching]

    def test_select_only_orders_of_the_user(self, database: Database, caller: Caller) -> None:
        store_old_order(database, user_pk=store_user(database).pk)

        assert pks(database, caller) == []


class TestDocument:
    def test_is_found_for_own_ones_only(self, database: Database, caller: Caller) -> None:
        own = store_old_order(database, user_pk=caller.user_pk)
        foreign = store_old_order(database, user_pk=store_user(database).pk)

        with database.reading() as uow:
            assert uow.old_orders.document(caller.user_pk, own, "en-us") is not None
            assert uow.old_orders.document(caller.user_pk, foreign, "en-us") is None

    def test_is_rendered_again_after_a_change(
        self, database: Database, caller: Caller, old_order_renderer: FakeRenderer
    ) -> None:
        old_order_renderer.describe = lambda old_order: old_order.items[0].price
        pk = store_old_order(database, user_pk=caller.user_pk)
        pks(database, caller)

        with database.writing() as uow:
            old_order = uow.old_orders.get(pk)
            assert old_order is not None
            old_order.items[0].price = 77
            uow.commit()

        with database.reading() as uow:
            document = uow.old_orders.document(caller.user_pk, pk, "en-us")
        assert document is not None
        assert json.loads(document)["shown"] == 77


class TestStoring:
    def test_stores_every_field(self, database: Database, caller: Caller) -> None:
        added = make_old_order(
            user_pk=caller.user_pk, bank="garanti", items=[make_old_item(line=2), make_old_item()]
        )

        with database.writing() as uow:
            uow.old_orders.add(added)
            uow.commit()
        with database.reading() as uow:
            stored = uow.old_orders.get(added.pk)

        assert stored is not None
        plain = old_orders.c.keys()
        assert {name: getattr(stored, name) for name in plain} == {
            name: getattr(added, name) for name in plain
        }
        assert [item.line for item in stored.items] == [1, 2]


class TestIndexes:
    @pytest.mark.parametrize("field", sorted(set(OldOrderField) - NOT_INDEXED))
    def test_exist_for_every_sort_of_short_values(
        self, database: Database, engines: Engines, field: OldOrderField
    ) -> None:
        begins = re.compile(rf"\(user_pk, \(*{field}\b.*, pk\)")

        assert [
            definition
            for definition in index_definitions(engines, old_orders)
            if begins.search(definition)
        ]

    @citus.one_node("the planner may choose the key of number and user_pk for a few rows")
    @pytest.mark.parametrize("field", sorted(set(OldOrderField) - NOT_INDEXED))
    def test_sort_a_page(
        self,
        database: Database,
        engines: Engines,
        caller: Caller,
        statements: list[tuple[str, Any]],
        field: OldOrderField,
    ) -> None:
        store_old_order(database, user_pk=caller.user_pk)
        statements.clear()
        pks(database, caller, sort=field)
        chosen = [sent for sent in statements if "ORDER BY" in sent[0]]

        assert f"ix_old_orders_user_pk_{field}_pk" in plan_of(engines, *chosen[0])

    def test_an_address_of_any_length_can_be_stored_and_sorted(
        self, database: Database, caller: Caller
    ) -> None:
        long = store_old_order(database, user_pk=caller.user_pk, shipping_address="Ğ" * 50_000)
        short = store_old_order(database, user_pk=caller.user_pk, shipping_address="A")

        assert pks(database, caller, sort="shipping_address") == [short, long]
