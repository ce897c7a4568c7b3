from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest

from domain.accounts.users import UserType
from domain.imports.documents import ImportResult, Imports, Outcome
from domain.imports.orders import ImportedOldOrder, ImportedOrder
from domain.imports.parts import Rejected
from domain.orders.addresses import Address, AddressType
from domain.orders.cancellations import CancellationStatus, CancellationType, CancelStatus
from domain.orders.order_items import OrderItem
from domain.orders.orders import Order, OrderType
from domain.orders.products import Product
from domain.orders.states import OrderState
from domain.shared.errors import Unavailable
from domain.shared.money import Currency
from handlers.cli.import_batches import old_order_loader, order_loader
from handlers.cli.ndjson import ParsedDocument
from handlers.contract.document.bundle import DIRECTORY
from handlers.contract.document.yaml_files import read_file
from persistence.database import Database
from tests.support.documents import (
    line_document,
    old_order_document,
    order_document,
    request_document,
    user_document,
)

SHAPES = read_file(DIRECTORY / "imports" / "documents.yaml")["components"]["schemas"]


class FakeImports:
    """A database that is unavailable at first, and rejects batches with a bad number.

    A number in ``taken`` is rejected once when alone, as if another import had just stored it.
    """

    def __init__(
        self,
        failures: int = 0,
        bad: frozenset[str] = frozenset(),
        taken: frozenset[str] = frozenset(),
    ) -> None:
        self._taken = set(taken)
        self.batches: list[list[str]] = []
        self._failures = failures
        self._bad = bad

    def importing(self, actor: str) -> nullcontext[Imports]:
        return nullcontext(self)

    def store_orders(self, batch: Sequence[ImportedOrder]) -> list[ImportResult | Rejected]:
        self._failures -= 1
        if self._failures >= 0:
            raise Unavailable
        numbers = [document.number for document in batch]
        if self._bad & set(numbers):
            raise Rejected("", "bad")
        if self._taken & set(numbers):
            self._taken -= {numbers[0]} if len(numbers) == 1 else set()
            raise Rejected("", "taken")
        self.batches.append(numbers)
        return [ImportResult(int(number), Outcome.CREATED) for number in numbers]

    def store_old_orders(self, batch: Sequence[ImportedOldOrder]) -> list[ImportResult | Rejected]:
        return []

    def commit(self) -> None:
        """Does nothing."""


def checked(database: Any, numbers: Sequence[str]) -> tuple[Any, list[ImportedOrder]]:
    loader = order_loader(database, "import:tests")
    return loader, [
        loader.check(ParsedDocument.of(order_document(number=number))) for number in numbers
    ]


def rejected(document: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(Rejected) as caught:
        order_loader(FakeImports(), "import:tests").check(ParsedDocument.of(document))
    return caught.value.pointer, caught.value.message


class TestCheck:
    @pytest.mark.parametrize(
        ("overrides", "pointer", "message"),
        [
            ({"state": "lost"}, "/state", "This is not a valid choice."),
            ({"colour": "red"}, "/colour", "This field is not known."),
            ({"items": [{}]}, "/items/0/line", "This field is required."),
            ({"created_date": "yesterday"}, "/created_date", "Enter a valid date and time."),
            ({"created_date": "2026-03-31T00:00"}, "/created_date", "Enter a valid date and time."),
            ({"user": user_document(email="ayse")}, "/user/email", "Enter a valid e-mail address."),
            ({"number": "10 01"}, "/number", "This value is not valid."),
            ({"number": "1" * 65}, "/number", "Must be at most 64 characters long."),
            ({"basket": -1}, "/basket", "Must be at least 0."),
            ({"bank": {"slug": "demo"}}, "/bank/name", "This field is required."),
            ({"shipping_amount": 5}, "/shipping_amount", "A valid string is required."),
            ({"amount": "1.00"}, "/amount", "The lines, shipping and discounts come to 100.00."),
        ],
    )
    def test_names_place_and_reason(
        self, overrides: dict[str, Any], pointer: str, message: str
    ) -> None:
        assert rejected(order_document(**overrides)) == (pointer, message)

    @pytest.mark.parametrize(
        "text", ["2026-03-31", "2026-03-31 00:00:00+0000", "2026-03-31T00:00:00Z"]
    )
    def test_accepts_dates_in_the_form_of_exports(self, text: str) -> None:
        document = order_document(created_date=text, invoice_date=text)

        loaded = order_loader(FakeImports(), "import:tests").check(ParsedDocument.of(document))

        assert loaded.values["invoice_date"] == datetime(2026, 3, 31, tzinfo=UTC)

    def test_names_the_place_of_a_missing_value(self) -> None:
        document = order_document()
        del document["payment_option"]

        assert rejected(document) == ("/payment_option", "This field is required.")

    def test_uses_another_schema_for_old_orders(self) -> None:
        loader = old_order_loader(FakeImports(), "import:tests")

        assert loader.check(ParsedDocument.of(old_order_document())).number == "A1"
        with pytest.raises(Rejected):
            loader.check(ParsedDocument.of(order_document()))


class TestStore:
    def test_retries_while_the_database_is_unavailable(self) -> None:
        loader, batch = checked(FakeImports(failures=4), ["1"])

        assert loader.store(batch) == [ImportResult(1, Outcome.CREATED)]

    def test_gives_up_after_five_attempts(self) -> None:
        loader, batch = checked(FakeImports(failures=5), ["1"])

        with pytest.raises(Unavailable):
            loader.store(batch)

    def test_rejects_only_the_document_that_fails(self) -> None:
        imports = FakeImports(bad=frozenset({"3"}))
        loader, batch = checked(imports, ["1", "2", "3", "4", "5"])

        answers = loader.store(batch)

        assert [isinstance(answer, Rejected) for answer in answers] == [0, 0, 1, 0, 0]
        assert imports.batches == [["1", "2"], ["4", "5"]]

    def test_compares_again_after_a_concurrent_import(self) -> None:
        loader, batch = checked(FakeImports(taken=frozenset({"2"})), ["1", "2", "3"])

        assert loader.store(batch) == [ImportResult(pk, Outcome.CREATED) for pk in (1, 2, 3)]

    def test_concurrent_imports_store_each_order_once(self, database: Database) -> None:
        numbers = [str(number) for number in range(100, 140)]
        loaders = [checked(database, numbers), checked(database, list(reversed(numbers)))]

        with ThreadPoolExecutor() as threads:
            runs = list(threads.map(lambda job: job[0].store(job[1]), loaders))

        created, again = ([answer.outcome for answer in answers] for answers in runs)
        assert {tuple(created), tuple(again)} == {
            (Outcome.CREATED,) * 40,
            (Outcome.UNCHANGED,) * 40,
        }

    def test_a_uuid_of_another_order_rejects_that_document_alone(self, database: Database) -> None:
        uuid = "1b671a64-40d5-491e-99b0-da01ff1f3341"
        line = line_document(cancellation_requests=[request_document(uuid=uuid)])
        loader = order_loader(database, "import:tests")
        documents = [order_document(number=number, items=[line]) for number in ("1", "2")]
        documents.append(order_document(number="3"))

        answers = loader.store(
            [loader.check(ParsedDocument.of(document)) for document in documents]
        )

        assert [isinstance(answer, Rejected) for answer in answers] == [False, True, False]


class TestSchemas:
    @pytest.mark.parametrize(
        ("shape", "entity", "by_other_means"),
        [
            ("OrderImport", Order, {"uuid", "user_pk", "version", "cancellation_plans"}),
            (
                "OrderItemImport",
                OrderItem,
                {
                    "uuid",
                    "price",
                    "discount_amount",
                    "state_before_cancellation",
                    "trade_in_offers",
                },
            ),
            ("AddressImport", Address, {"uuid", "user_pk"}),
            ("ProductImport", Product, {"uuid"}),
        ],
    )
    def test_all_fields_of_entities_can_be_imported(
        self, shape: str, entity: type, by_other_means: set[str]
    ) -> None:
        stored = {field.name for field in fields(entity) if field.init}

        assert stored - by_other_means <= SHAPES[shape]["properties"].keys()

    @pytest.mark.parametrize(
        ("place", "values"),
        [
            (SHAPES["State"], OrderState),
            (SHAPES["Currency"], Currency),
            (SHAPES["UserImport"]["properties"]["user_type"], UserType),
            (SHAPES["OrderImport"]["properties"]["order_type"], OrderType),
            (SHAPES["AddressImport"]["properties"]["address_type"], AddressType),
            (SHAPES["OrderItemImport"]["properties"]["cancel_status"], CancelStatus),
            (
                SHAPES["CancellationRequestImport"]["properties"]["cancellation_type"],
                CancellationType,
            ),
            (SHAPES["CancellationRequestImport"]["properties"]["status"], CancellationStatus),
        ],
    )
    def test_enumerations_are_those_of_the_domain(
        self, place: dict[str, Any], values: type[StrEnum]
    ) -> None:
        assert [value for value in place["enum"] if value is not None] == list(values)

    def test_every_field_is_described_and_no_other_is_allowed(self) -> None:
        for name, shape in SHAPES.items():
            properties = shape.get("properties", {})
            assert all("description" in field for field in properties.values()), name
            assert not properties or shape["additionalProperties"] is False, name
