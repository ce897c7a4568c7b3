"""The lists of sellers over HTTP: filters, ordering, pages and cursors."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from domain.seller_center.lists import Sort
from domain.shared.filters import Condition, Operator, parse_filter
from tests.contract.compiled import compiled_operations
from tests.contract.seller_parameters import DAMAGED, PARAMETERS
from tests.support.seller_clients import LISTS, FakeSellerDatabase
from tests.support.seller_views import (
    make_address_view,
    make_item_view,
    make_order_view,
    make_plan_view,
)

ORDERS, ITEMS, PLANS, ADDRESSES = LISTS
VIEWS = {
    ORDERS: make_order_view,
    ITEMS: make_item_view,
    PLANS: make_plan_view,
    ADDRESSES: make_address_view,
}
SOME_ID = "33a11761-43bc-41d4-8f7f-1e860028367b"
# The text and its value by type of parameter.
VALUES: dict[str, tuple[str, Any]] = {
    "string": ("%C5%9F%25_", "ş%_"),
    "integer": ("600", 600),
    "datetime": ("2026-03-01T12:00:00%2B03:00", datetime(2026, 3, 1, 9, tzinfo=UTC)),
    "date": ("2026-03-01", date(2026, 3, 1)),
    "decimal": ("10.50", Decimal("10.50")),
    "currency": ("USD", "usd"),
    "boolean": ("true", True),
    "uuid": (SOME_ID, UUID(SOME_ID)),
    "json": ("%7B%22a%22:[1]%7D", {"a": [1]}),
}
ENUMS = {"status": "waiting_supplier", "plan_type": "refund"}
PATHS = {
    operation.operation_id: operation.path
    for operation in compiled_operations().values()
    if operation.path in LISTS
}
EVERY_FILTER = [
    (PATHS[operation_id], name, kind)
    for operation_id, parameters in PARAMETERS.items()
    for name, kind in parameters.items()
]


def errors_of(response: Any) -> dict[str, str]:
    """The fields of an error without its code."""
    body: dict[str, str] = response.json()
    assert body.pop("error_code")
    return body


class TestFilters:
    @pytest.mark.parametrize(("path", "name", "kind"), EVERY_FILTER)
    def test_reach_the_service_as_conditions(
        self,
        selling: TestClient,
        fake_database: FakeSellerDatabase,
        path: str,
        name: str,
        kind: str,
    ) -> None:
        text, value = (ENUMS[name],) * 2 if kind == "enum" else VALUES[kind]

        assert selling.get(f"{path}?{name}={text}").status_code == 200

        assert fake_database.conditions(path) == (Condition(*parse_filter(name), value),)

    @pytest.mark.parametrize(("damaged", "name"), DAMAGED.items())
    def test_accept_the_damaged_names_of_the_document(
        self, selling: TestClient, fake_database: FakeSellerDatabase, damaged: str, name: str
    ) -> None:
        text = "45" if "number" in name else "2026-03-01T09:00:00"

        assert selling.get(f"{ITEMS}?{damaged}={text}").status_code == 200

        [condition] = fake_database.conditions(ITEMS)
        assert (condition.path, condition.operator) == parse_filter(name)

    def test_with_damaged_names_are_deprecated(
        self, selling: TestClient, fake_database: FakeSellerDatabase
    ) -> None:
        old = selling.get(f"{ITEMS}?ordernumbericontains=7")
        new = selling.get(f"{ITEMS}?order__number__icontains=7")

        assert old.headers["Deprecation"] == "@1795910400"
        assert "Deprecation" not in new.headers

    def test_can_be_combined(self, selling: TestClient, fake_database: FakeSellerDatabase) -> None:
        response = selling.get(f"{ORDERS}?status=100&limit=5&amount__gte=1&page=1&currency=TRY")

        assert response.status_code == 200
        assert fake_database.conditions(ORDERS) == (
            Condition("status", Operator.EXACT, 100),
            Condition("amount", Operator.GTE, Decimal(1)),
            Condition("currency", Operator.EXACT, "try"),
        )

    @pytest.mark.parametrize("path", LISTS)
    def test_are_optional(
        self, selling: TestClient, fake_database: FakeSellerDatabase, path: str
    ) -> None:
        assert selling.get(path).json() == {
            "count": 0,
            "next": None,
            "previous": None,
            "results": [],
        }
        assert fake_database.conditions(path) == ()


class TestOrdering:
    @pytest.mark.parametrize(
        ("path", "ordering", "sort"),
        [
            (ORDERS, "amount", Sort("amount", descending=False)),
            (ORDERS, "-date_placed", Sort("date_placed")),
            (ITEMS, "-retail_price", Sort("retail_price")),
            (PLANS, "status", Sort("status", descending=False)),
            (ADDRESSES, "-email", Sort("email")),
        ],
    )
    def test_reaches_the_service(
        self,
        selling: TestClient,
        fake_database: FakeSellerDatabase,
        path: str,
        ordering: str,
        sort: Sort,
    ) -> None:
        assert selling.get(f"{path}?ordering={ordering}").status_code == 200

        query = fake_database.rows[LISTS[path]].last_query
        assert query is not None
        assert query[2] == sort

    @pytest.mark.parametrize("ordering", ["", "-", "--amount", "notes", "amount,number", "AMOUNT"])
    def test_must_be_a_listed_field(self, selling: TestClient, ordering: str) -> None:
        response = selling.get(f"{ORDERS}?ordering={ordering}")

        assert (response.status_code, errors_of(response)) == (
            400,
            {"ordering": "This is not a valid choice."},
        )


@pytest.mark.parametrize("path", LISTS)
class TestPages:
    @pytest.fixture(autouse=True)
    def rows(self, fake_database: FakeSellerDatabase, path: str) -> None:
        fake_database.rows[LISTS[path]].views = [VIEWS[path](id=UUID(int=at)) for at in range(5)]

    def test_have_links_to_the_next_and_the_previous(self, selling: TestClient, path: str) -> None:
        first = selling.get(f"{path}?limit=2").json()
        second = selling.get(first["next"]).json()

        assert (first["count"], first["previous"]) == (5, None)
        assert [int(UUID(entry["id"])) for entry in second["results"]] == [2, 3]
        assert second["previous"] == f"http://testserver{path}?limit=2"
        assert selling.get(second["next"]).json()["next"] is None

    @pytest.mark.parametrize("query", ["page=0", "page=-1", "page=4&limit=2", f"page={'9' * 500}"])
    def test_that_do_not_exist_are_not_found(
        self, selling: TestClient, path: str, query: str
    ) -> None:
        response = selling.get(f"{path}?{query}")

        assert (response.status_code, errors_of(response)) == (404, {"detail": "Invalid page."})

    def test_by_cursor_cover_all_rows_without_a_count(self, selling: TestClient, path: str) -> None:
        url, seen = f"{path}?cursor=&limit=2", []
        while url:
            page = selling.get(url).json()
            seen += [int(UUID(entry["id"])) for entry in page["results"]]
            assert (page["count"], page["previous"]) == (None, None)
            url = page["next"]

        assert seen == [0, 1, 2, 3, 4]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("cursor=&page=1", "cursor"),
            ("cursor=x", "cursor"),
            ("cursor=ş", "cursor"),
            ("cursor=W10", "cursor"),
            (f"cursor={'A' * 4001}", "cursor"),
            ("cursor=&cursor=", "cursor"),
            ("limit=0", "limit"),
            ("limit=501", "limit"),
            ("limit=", "limit"),
            ("page=1.0", "page"),
            ("page=1&page=1", "page"),
        ],
        ids=lambda text: text[:20],
    )
    def test_refuse_invalid_parameters(
        self, selling: TestClient, path: str, query: str, field: str
    ) -> None:
        response = selling.get(f"{path}?{query}")

        assert (response.status_code, set(errors_of(response))) == (400, {field})

    def test_have_up_to_500_entries(self, selling: TestClient, path: str) -> None:
        assert len(selling.get(f"{path}?limit=500").json()["results"]) == 5
        assert len(selling.get(f"{path}?limit=1").json()["results"]) == 1
