"""Values that a database can't store, or can't return, are refused before they reach it.

SQLite raises OverflowError for wide integers and PostgreSQL DataError; neither stores a lone
surrogate, nor PostgreSQL NUL; both store NaN as a number; a time past the year 9999 in UTC can be
stored but not read; a pattern that ends in its escape character is invalid.
"""

from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.accounts.users import User
from tests.support.application import Shop
from tests.support.builders import make_item

ORDERS = "/users/orders/"
REQUESTS = "/users/orders/cancellation_requests/"
SELLER_ORDERS = "/api/i1/orders/"
PLANS = "/api/i1/cancellation-plans/"
REJECT = "/api/i1/order-items/33a11761-43bc-41d4-8f7f-1e860028367b/reject/"
JSON = {"Content-Type": "application/json"}
REQUEST = b'{"order_item": %b, "reason": 1, "cancellation_type": "cancel"}'
DRAFT = b'{"order_item": 1, "reason": 1, "cancellation_type": "cancel", "description": %b}'


def refused(response: Any, status: int, *fields: str) -> bool:
    """Whether it is refused with this status, and has errors of only these fields."""
    return (response.status_code, set(response.json())) == (status, {*fields, "error_code"})


class TestWideIntegers:
    @pytest.mark.parametrize("pk", [2**63 - 1, 2**63, 2**64, 10**19, "9" * 5000, -(2**63) - 1])
    def test_in_paths_are_not_found(self, shopping: TestClient, pk: int | str) -> None:
        assert refused(shopping.get(f"{ORDERS}{pk}/"), 404, "detail")

    @pytest.mark.parametrize("number", [2**63, 10**19 - 1, -(2**63) - 1])
    def test_in_bodies_are_refused(self, cancelling: TestClient, number: int) -> None:
        body = REQUEST % str(number).encode()

        response = cancelling.post(REQUESTS, content=body, headers=JSON)

        assert refused(response, 400, "order_item")

    @pytest.mark.parametrize("number", [b"10000000000000000000", b"9" * 5000])
    def test_of_more_than_19_digits_are_invalid_json(
        self, cancelling: TestClient, number: bytes
    ) -> None:
        response = cancelling.post(REQUESTS, content=REQUEST % number, headers=JSON)

        assert refused(response, 400, "detail")

    @pytest.mark.parametrize("status", [2**63 - 1, 2**63, 2**64, -(2**63) - 1])
    def test_in_filters_match_nothing(self, trading: TestClient, status: int) -> None:
        response = trading.get(SELLER_ORDERS, params={"status": status})

        assert (response.status_code, response.json()["count"]) == (200, 0)


class TestOffsets:
    """An OFFSET of -1, and offsets of more than 64 bits."""

    @pytest.mark.parametrize("page", [0, -1, 2**58, 2**63 - 1, 2**63])
    @pytest.mark.parametrize("path", [ORDERS, "/users/old-orders/", REQUESTS])
    def test_out_of_range_are_no_page_of_shoppers_lists(
        self, shopping: TestClient, path: str, page: int
    ) -> None:
        assert refused(shopping.get(path, params={"page": page}), 404, "detail")

    @pytest.mark.parametrize("page", [0, -1, 2**58, 2**63 - 1, 2**63])
    def test_out_of_range_are_no_page_of_sellers_lists(
        self, trading: TestClient, page: int
    ) -> None:
        response = trading.get(SELLER_ORDERS, params={"page": page, "limit": 500})

        assert refused(response, 404, "detail")


class TestTexts:
    @pytest.mark.parametrize("text", [rb'"\u0000"', rb'"\ud800"', b'"\xed\xa0\x80"', b'"\xff"'])
    def test_that_can_not_be_stored_are_invalid_json(
        self, cancelling: TestClient, text: bytes
    ) -> None:
        response = cancelling.post(REQUESTS, content=DRAFT % text, headers=JSON)

        assert refused(response, 400, "detail")

    @pytest.mark.parametrize("text", [rb'"\u0000"', rb'"\udfff"'])
    def test_that_can_not_be_stored_are_refused_as_reasons(
        self, trading: TestClient, text: bytes
    ) -> None:
        response = trading.post(REJECT, content=b'{"reason": %b}' % text)

        assert refused(response, 400, "detail")

    @pytest.mark.parametrize("text", ["%00", "%ed%a0%80", "%ff"])
    def test_that_can_not_be_stored_are_refused_in_searches(
        self, shopping: TestClient, trading: TestClient, text: str
    ) -> None:
        assert refused(shopping.get(f"{ORDERS}?search={text}"), 400, "search")
        assert refused(trading.get(f"{SELLER_ORDERS}?number={text}"), 400, "number")


class TestPatterns:
    @pytest.mark.parametrize("text", ["\\", "%\\", "\\\\", "\\%", "_", "%"])
    def test_are_taken_literally(
        self, shopping: TestClient, trading: TestClient, text: str
    ) -> None:
        searched = shopping.get(ORDERS, params={"search": text})
        filtered = trading.get(SELLER_ORDERS, params={"number__icontains": text})

        assert (searched.status_code, searched.json()["count"]) == (200, 0)
        assert (filtered.status_code, filtered.json()["count"]) == (200, 0)

    def test_find_texts_that_contain_them(
        self, shopping: TestClient, shop: Shop, shopper: User
    ) -> None:
        shop.order(shopper, number="7\\", items=[make_item()])

        assert shopping.get(ORDERS, params={"search": "7\\"}).json()["count"] == 1


class TestNumbers:
    @pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"-Infinity", b"1e400"])
    def test_that_are_not_finite_are_invalid_json(
        self, cancelling: TestClient, text: bytes
    ) -> None:
        response = cancelling.post(REQUESTS, content=REQUEST % text, headers=JSON)

        assert refused(response, 400, "detail")

    @pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity", "1e400"])
    def test_that_are_not_finite_are_refused_as_amounts(
        self, trading: TestClient, text: str
    ) -> None:
        response = trading.get(SELLER_ORDERS, params={"amount__gte": text})

        assert refused(response, 400, "amount__gte")

    @pytest.mark.parametrize("text", ["NaN", "1e400", '{"rate": Infinity}'])
    def test_that_are_not_finite_are_refused_as_plans(self, trading: TestClient, text: str) -> None:
        response = trading.get(PLANS, params={"payment_plan": text})

        assert refused(response, 400, "payment_plan")


class TestMoments:
    @pytest.mark.parametrize(
        "text", ["9999-12-31T23:59-12:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00+12:00"]
    )
    def test_outside_the_range_of_utc_are_refused(
        self, shopping: TestClient, trading: TestClient, text: str
    ) -> None:
        listed = shopping.get(ORDERS, params={"created_date__lte": text})
        filtered = trading.get(SELLER_ORDERS, params={"date_placed__lt": text})

        assert refused(listed, 400, "created_date__lte")
        assert refused(filtered, 400, "date_placed__lt")

    @pytest.mark.parametrize("text", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
    def test_at_the_limits_of_the_range_are_accepted(self, shopping: TestClient, text: str) -> None:
        assert shopping.get(ORDERS, params={"created_date__lte": text}).status_code == 200
