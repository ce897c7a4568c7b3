from collections.abc import Sequence
from typing import Any

import pytest

from domain.accounts.users import UserType, email_key
from domain.imports.documents import ImportResult, Outcome
from domain.imports.orders import ImportedOldOrder, ImportedOrder
from domain.imports.parts import Rejected
from domain.orders.old_orders import OldOrder
from domain.orders.orders import Order
from domain.shared.money import Currency
from persistence.database import Database
from tests.support.documents import (
    address_document,
    imported_old_order,
    imported_order,
    line_document,
    request_document,
    user_document,
)
from tests.support.stored import store_user

UUID = "1b671a64-40d5-491e-99b0-da01ff1f3341"
CARRIER = {"value": "kuzey", "label": "Kuzey Kargo"}


MANY_CHANGES = 10**15  # a version is a time: a counter would repeat values after a restore


def store(database: Database, *batch: ImportedOrder) -> list[ImportResult | Rejected]:
    with database.importing("import:tests") as imports:
        results = imports.store_orders(batch)
        imports.commit()
    return results


def store_one(database: Database, **overrides: Any) -> ImportResult:
    (result,) = store(database, imported_order(**overrides))
    assert isinstance(result, ImportResult)
    return result


def pointers(results: Sequence[ImportResult | Rejected]) -> list[str]:
    return [result.pointer for result in results if isinstance(result, Rejected)]


def find(database: Database, pk: int) -> Order:
    with database.reading() as uow:
        order = uow.orders.get(pk)
    assert order is not None
    return order


def find_old(database: Database, pk: int) -> OldOrder:
    with database.reading() as uow:
        old_order = uow.old_orders.get(pk)
    assert old_order is not None
    return old_order


def store_old(database: Database, *batch: ImportedOldOrder) -> list[ImportResult | Rejected]:
    with database.importing("import:tests") as imports:
        results = imports.store_old_orders(batch)
        imports.commit()
    return results


class TestNewOrder:
    def test_is_stored_with_all_its_parts(self, database: Database) -> None:
        line = line_document(
            quantity=3,
            seller={"slug": "usta", "name": "Usta"},
            shipping_company=CARRIER,
            shipping_option_group={"amount": "9.90", "shipping_option_name": "Standart"},
            easy_return_companies=[{"shipping_company": CARRIER, "name": "Şubeden"}],
        )
        stored = store_one(
            database,
            items=[line],
            bank={"slug": "demo", "name": "Demo"},
            discounts=[{"name": "A", "amount": "30.00", "code": "SPRING"}],
            loyalty_transactions=[{"amount": "-5.00"}],
        )

        order = find(database, stored.pk)
        (item,) = order.items
        assert stored.outcome is Outcome.CREATED
        assert (order.number, order.currency) == ("1001", Currency.TRY)
        assert order.version > MANY_CHANGES
        assert (order.amount, order.discount_amount, item.discount_amount) == (27_000, 3000, 3000)
        assert [discount.code for discount in order.discounts] == ["SPRING"]
        assert order.bank is not None
        assert item.seller is not None
        assert (order.bank.name, item.seller.name) == ("Demo", "Usta")
        assert item.shipping_company is item.easy_return_companies[0].shipping_company
        assert order.loyalty_transactions[0].user_pk == order.user_pk

    def test_has_its_sellers_rows_written_once(
        self, database: Database, statements: list[tuple[str, Any]]
    ) -> None:
        """Each rewritten row leaves a dead one, and entries of eight indexes."""
        seller = {"slug": "usta", "name": "Usta"}

        store_one(
            database,
            items=[line_document(seller=seller, cancellation_requests=[request_document()])],
        )

        written = [sql for sql, _ in statements if "INSERT INTO seller_orders (" in sql]
        assert len(written) == 1

    def test_has_its_addresses_with_their_places(self, database: Database) -> None:
        billing = address_document(line="Lale Sk. 7", township=None, district=None)

        order = find(database, store_one(database, billing_address=billing).pk)

        shipping = order.shipping_address
        assert shipping.district is not None
        assert shipping.township is not None
        assert shipping.district.township_pk == shipping.township.pk
        assert shipping.city.country_pk == shipping.country.pk
        assert order.billing_address.line == "Lale Sk. 7"
        assert order.billing_address.township is None
        assert order.billing_address.city is shipping.city

    def test_has_its_requests_with_reason_and_return(self, database: Database) -> None:
        easy_return = {"shipping_company": CARRIER, "code": "77", "status": "active"}
        images = [{"image": "https://cdn.example/1.jpg"}]
        request = request_document(uuid=UUID, easy_return=easy_return, images=images)
        line = line_document(cancellation_requests=[request])

        order = find(database, store_one(database, items=[line]).pk)

        (stored,) = order.items[0].cancellation_requests
        assert str(stored.uuid) == UUID
        assert stored.easy_return is not None
        assert stored.easy_return.shipping_company.value == "kuzey"
        assert [image.image for image in stored.images] == ["https://cdn.example/1.jpg"]

    def test_is_not_stored_before_the_commit(self, database: Database) -> None:
        with database.importing("import:tests") as imports:
            imports.store_orders([imported_order()])

        assert store_one(database).outcome is Outcome.CREATED

    def test_equal_products_are_one_row(self, database: Database) -> None:
        other = line_document(product={"sku": "KIT001", "name": "Cezve"})
        pks = [
            store_one(database, number="1001").pk,
            store_one(database, number="1002").pk,
            store_one(database, number="1003", items=[other]).pk,
        ]

        first, second, third = (find(database, pk).items[0].product.pk for pk in pks)

        assert first == second != third


class TestUsers:
    def test_a_user_is_created_once_whatever_the_case_of_the_email(
        self, database: Database
    ) -> None:
        first, second = (
            imported_order(),
            imported_order(number="1002", user=user_document(email="AYSE@example.com")),
        )

        pks = [
            result.pk
            for result in store(database, first, second)
            if isinstance(result, ImportResult)
        ]

        assert len({find(database, pk).user_pk for pk in pks}) == 1

    def test_a_guest_is_another_user(self, database: Database) -> None:
        registered = find(database, store_one(database).pk)
        guest_user = user_document(user_type="guest")
        guest = find(database, store_one(database, number="1002", user=guest_user).pk)

        with database.reading() as uow:
            user = uow.users.by_email_key("ayse@example.com", UserType.GUEST)
        assert user is not None
        assert (guest.user_pk, user.password_hash) == (user.pk, None)
        assert registered.user_pk != guest.user_pk

    def test_an_existing_user_is_not_changed(self, database: Database) -> None:
        known = store_user(database, email="ayse@example.com", first_name="Ayşe")

        order = find(database, store_one(database, user=user_document(first_name="Other")).pk)

        with database.reading() as uow:
            user = uow.users.by_email_key(email_key("ayse@example.com"), UserType.REGISTERED)
        assert user is not None
        assert (order.user_pk, user.first_name) == (known.pk, "Ayşe")

    def test_a_number_of_another_user_is_rejected(self, database: Database) -> None:
        stored = store_one(database)
        foreign = imported_order(user=user_document(email="mehmet@example.com"), notes="mine")
        own = imported_order(number="1002", user=user_document(email="mehmet@example.com"))

        results = store(database, foreign, own)

        assert pointers(results) == ["/number"]
        assert isinstance(results[1], ImportResult)
        assert find(database, stored.pk).notes is None


class TestKnownOrder:
    def test_an_equal_document_changes_nothing(self, database: Database) -> None:
        stored = store_one(database)
        before = find(database, stored.pk)

        again = store_one(database)

        assert again == ImportResult(stored.pk, Outcome.UNCHANGED)
        assert find(database, stored.pk).version == before.version

    def test_an_equal_document_does_not_undo_later_changes(self, database: Database) -> None:
        stored = store_one(database)
        with database.writing() as uow:
            order = uow.orders.get(stored.pk)
            assert order is not None
            order.notes = "since then"
            uow.commit()

        store_one(database)

        assert find(database, stored.pk).notes == "since then"

    def test_another_document_replaces_the_content_and_raises_the_version(
        self, database: Database
    ) -> None:
        first = store_one(database, state="approved", discounts=[{"name": "A", "amount": "1"}])
        before = find(database, first.pk)
        line = line_document(unit_price="80.00", state="shipped")

        stored = store_one(database, items=[line, line_document(line=2)], state="shipped")

        after = find(database, stored.pk)
        assert stored == ImportResult(before.pk, Outcome.UPDATED)
        assert after.version > before.version
        assert after.items[0].pk == before.items[0].pk
        assert after.uuid == before.uuid
        assert [item.price for item in after.items] == [8000, 10_000]
        assert (after.discounts, after.amount) == ([], 18_000)

    def test_is_updated_among_the_rows_of_its_user(
        self, database: Database, statements: list[tuple[str, Any]]
    ) -> None:
        """Citus refuses a statement that sets the user, even to the same one."""
        store_one(database)
        store_old(database, imported_old_order())
        statements.clear()

        store_one(database, notes="changed")
        store_old(database, imported_old_order(items=[{"price": "40.00"}]))

        updates = [text for text, _ in statements if text.startswith("UPDATE ")]
        assert {text.split()[1] for text in updates} >= {"orders", "old_orders"}
        for changes, _, condition in (text.partition(" WHERE ") for text in updates):
            assert "user_pk=" not in changes.replace(" ", "")
            assert "user_pk" in condition

    def test_a_document_without_a_stored_line_is_rejected(self, database: Database) -> None:
        lines = [line_document(line=line) for line in (1, 2)]
        store_one(database, items=lines)

        results = store(database, imported_order(items=lines[:1]))

        assert pointers(results) == ["/items"]

    def test_requests_and_loyalty_are_updated_and_not_removed(self, database: Database) -> None:
        line = line_document(cancellation_requests=[request_document(uuid=UUID)])
        loyalty = [{"uuid": UUID, "amount": "1.00"}, {"amount": "2.00"}]
        before = find(database, store_one(database, items=[line], loyalty_transactions=loyalty).pk)
        line = line_document(cancellation_requests=[request_document(uuid=UUID, status="rejected")])
        stored = store_one(database, items=[line], loyalty_transactions=loyalty[:1])

        after = find(database, stored.pk)
        (was,), (is_now,) = (order.items[0].cancellation_requests for order in (before, after))
        assert (was.pk, was.is_open) == (is_now.pk, True)
        assert not is_now.is_open
        assert [transaction.pk for transaction in after.loyalty_transactions] == [
            transaction.pk for transaction in before.loyalty_transactions
        ]


class TestBatch:
    @pytest.mark.parametrize("field", ["loyalty_transactions", "items"])
    def test_is_rejected_for_a_uuid_of_another_order(self, database: Database, field: str) -> None:
        parts = {
            "loyalty_transactions": [{"uuid": UUID, "amount": "1.00"}],
            "items": [line_document(cancellation_requests=[request_document(uuid=UUID)])],
        }
        store_one(database, **{field: parts[field]})

        with pytest.raises(Rejected):
            store(database, imported_order(number="1002", **{field: parts[field]}))

    def test_is_rejected_for_a_repeated_uuid(self, database: Database) -> None:
        loyalty = [{"uuid": UUID, "amount": "1.00"}]
        numbers = ("1001", "1002")

        with pytest.raises(Rejected):
            store(
                database,
                *(
                    imported_order(number=number, loyalty_transactions=loyalty)
                    for number in numbers
                ),
            )

    def test_a_second_open_request_is_rejected(self, database: Database) -> None:
        line = line_document(quantity=2, cancellation_requests=[request_document()])
        store_one(database, items=[line])
        line["cancellation_requests"] = [request_document(uuid=UUID)]

        results = store(database, imported_order(items=[line]))

        assert pointers(results) == ["/items/0/cancellation_requests"]

    def test_may_be_empty(self, database: Database) -> None:
        assert store(database) == []


class TestOldOrder:
    def test_is_stored_with_its_lines(self, database: Database) -> None:
        (stored,) = store_old(database, imported_old_order())

        assert isinstance(stored, ImportResult)
        old_order = find_old(database, stored.pk)
        assert stored.outcome is Outcome.CREATED
        assert (old_order.number, old_order.amount) == ("A1", 5000)
        assert old_order.version > MANY_CHANGES
        assert [item.product for item in old_order.items] == ["Cezve"]

    def test_is_unchanged_or_replaced_like_orders(self, database: Database) -> None:
        results = [
            *store_old(database, imported_old_order()),
            *store_old(database, imported_old_order()),
            *store_old(database, imported_old_order(items=[{"price": "40.00"}])),
            *store_old(database, imported_old_order(items=[])),
        ]

        outcomes = [result.outcome for result in results if isinstance(result, ImportResult)]
        assert outcomes == [Outcome.CREATED, Outcome.UNCHANGED, Outcome.UPDATED]
        assert pointers(results) == ["/items"]
        assert isinstance(results[0], ImportResult)
        old_order = find_old(database, results[0].pk)
        assert old_order.version > MANY_CHANGES
        assert old_order.items[0].price == 4000
