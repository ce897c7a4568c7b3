"""Unusual input of sellers' systems gets the documented status or its literal meaning."""

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.sellers.callers import Scope
from domain.sellers.sellers import Seller
from tests.contract.seller_parameters import PARAMETERS
from tests.support.application import Shop
from tests.support.seller_clients import LISTS

ORDERS, ITEMS, PLANS, ADDRESSES = LISTS
PATHS = dict(zip(PARAMETERS, LISTS, strict=True))
REJECT = "/api/i1/order-items/33a11761-43bc-41d4-8f7f-1e860028367b/reject/"
# Invalid values by type of parameter, the same in every list.
REFUSED: Mapping[str, list[str]] = {
    "string": ["", "%00", "a%00b", "x" * 1001, "%FF", "%ED%A0%80"],
    "integer": ["", "x", "1.0", "1e2", "1%20100", "0x64", "NaN", "%D9%A1", "100,200"],
    "datetime": [
        "",
        "yesterday",
        "2026-02-30",
        "0000-01-01",
        "2026-02-30T00:00:00Z",
        "2026-02-30T00:00:00",
        "2026-03-01T25:00:00Z",
        "2026-03-01T00:00:00+3",
        "2026-03-01T00:00:00++03:00",
        "2026-03-01Z",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00%2B12:00",
        "10000-01-01T00:00:00Z",
        "1772366400",
    ],
    "date": ["", "2026-02-30", "0000-01-01", "2026-3-1", "2026-03-01T00:00:00Z", "today"],
    "decimal": [
        "",
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "inf",
        "1e400",
        "1E5",
        "1,5",
        ".5",
        "5.",
        "0x10",
        "1_000",
        "--1",
        "%2B1",
        "%D9%A1",
        "9" * 41,
        "9" * 5000,
    ],
    "currency": ["", "%00", "x" * 11],
    "boolean": ["", "1", "0", "yes", "on", "TRUE", "t", "null", "None"],
    "uuid": [
        "",
        "x",
        "5",
        "33a11761",
        "33a1176143bc41d48f7f1e860028367b",
        "%7B33a11761-43bc-41d4-8f7f-1e860028367b%7D",
        "33a11761-43bc-41d4-8f7f-1e860028367g",
        "urn:uuid:33a11761-43bc-41d4-8f7f-1e860028367b",
    ],
    "enum": ["", "WAITING", "unknown", "wai%20ting", "%25"],
    "json": ["", "{", "NaN", "1e400", "'a'", "%22%5Cu0000%22", "%22%5Cud800%22", "[" * 1000],
}
TAKEN: Mapping[str, list[str]] = {
    "string": ["%25", "_", "%5C", "%27%20OR%201=1--", "%C4%B0", "%F0%9F%8E%81", "x" * 1000],
    "integer": ["0", "-1", "+12345+", "9" * 500, "-" + "9" * 500],
    "datetime": [
        "2026-03-29T02:30:00",  # not a time in Berlin; without an offset it is UTC
        "2026-03-29T02:30:00%2B01:00",
        "2026-03-01t09:30:00z",
        "2026-03-01",
        "2026-03-01+09:30",
        "2026-03-01T09:30:00%2B0300",
        "2026-03-01T09:30:00+03:00",  # the plus is decoded as a space
        "2026-03-01T09:30:00Z+",
        "9999-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00Z",
    ],
    "date": ["9999-12-31", "0001-01-01", "2024-02-29"],
    "decimal": ["9" * 40, "-" + "9" * 40, "-0", "0." + "0" * 39 + "1", "007.10"],
    "currency": ["xyz", "TrY", "%C4%B0"],
    "boolean": ["true", "True", "false", "False"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "33A11761-43BC-41D4-8F7F-1E860028367B"],
    "enum": [],
    "json": ["%7B%7D", "[]", "null", "0", "%22%22", "[" * 20 + "]" * 20, "123456789012345678901"],
}
FILTERS = [
    (PATHS[operation_id], name, kind)
    for operation_id, parameters in PARAMETERS.items()
    for name, kind in parameters.items()
]


def error(response: Any) -> tuple[int, dict[str, str], str]:
    body: dict[str, str] = response.json()
    code = body.pop("error_code")
    return response.status_code, body, code


@pytest.mark.no_cover  # the same lines, thousands of times
@pytest.mark.parametrize(("path", "name", "kind"), FILTERS)
class TestValues:
    def test_that_are_invalid_are_refused_with_the_name(
        self, trading: TestClient, path: str, name: str, kind: str
    ) -> None:
        for text in REFUSED[kind]:
            status, errors, code = error(trading.get(f"{path}?{name}={text}"))

            assert (text, status, set(errors), code) == (text, 400, {name}, "invalid")
            assert all(errors.values())

    def test_that_are_unusual_are_taken_literally(
        self, trading: TestClient, path: str, name: str, kind: str
    ) -> None:
        for text in TAKEN[kind]:
            response = trading.get(f"{path}?{name}={text}")

            assert (text, response.status_code) == (text, 200)
            assert response.json()["count"] in {0, 1}

    def test_that_are_repeated_are_refused(
        self, trading: TestClient, path: str, name: str, kind: str
    ) -> None:
        text = {"enum": "cancel" if name == "plan_type" else "waiting"}.get(kind) or TAKEN[kind][-1]

        response = trading.get(f"{path}?{name}={text}&{name}={text}")

        assert error(response) == (
            400,
            {name: "This parameter may be given only once."},
            "invalid",
        )


class TestUnknownParameters:
    @pytest.mark.parametrize(
        ("path", "name", "nearest"),
        [
            (ORDERS, "numbr", "number"),
            (ORDERS, "number__icontain", "number__icontains"),
            (ORDERS, "status__in", "status"),
            (ORDERS, "ammount__gte", "amount__gte"),
            (ORDERS, "Limit", "limit"),
            (ORDERS, "order", "ordering"),
            (ITEMS, "order__date_placed", "order__date_placed__lt"),
            (ITEMS, "ordernumbercontain", "order__number__contains"),
            (PLANS, "created_at__dat", "created_at__date"),
            (ADDRESSES, "e-mail", "email"),
        ],
    )
    def test_are_refused_with_the_nearest_name(
        self, trading: TestClient, path: str, name: str, nearest: str
    ) -> None:
        response = trading.get(f"{path}?{name}=1&limit=1")

        errors = {"detail": f"There is no such parameter. Did you mean {nearest}?"}
        assert error(response) == (400, errors, "unknown_parameter")

    @pytest.mark.parametrize("path", LISTS)
    @pytest.mark.parametrize("query", ["_=1", "format=json", "=", "%00=1", "%FF=1", "x" * 7000])
    def test_are_refused_for_any_name(self, trading: TestClient, path: str, query: str) -> None:
        status, errors, code = error(trading.get(f"{path}?{query}"))

        assert (status, set(errors), code) == (400, {"detail"}, "unknown_parameter")

    def test_are_refused_by_operations_without_parameters(self, trading: TestClient) -> None:
        response = trading.post(f"{REJECT}?reason=x", json={})

        assert error(response)[::2] == (400, "unknown_parameter")

    def test_may_be_empty(self, trading: TestClient) -> None:
        assert trading.get(f"{ORDERS}?&").status_code == 200


class TestSizes:
    def test_json_that_is_nested_10000_deep_is_too_long(self, trading: TestClient) -> None:
        response = trading.get(f"{PLANS}?payment_plan={'[' * 10_000}{']' * 10_000}")

        assert error(response)[::2] == (414, "uri_too_long")

    @pytest.mark.parametrize("header", ["Authorization", "Authentication"])
    def test_a_token_of_100_kb_is_too_large(self, trading: TestClient, header: str) -> None:
        response = trading.get(ORDERS, headers={header: f"Bearer {'a' * 100_000}"})

        assert error(response)[::2] == (431, "headers_too_large")

    def test_a_token_of_10_kb_is_invalid(self, trading: TestClient) -> None:
        response = trading.get(ORDERS, headers={"Authorization": f"Bearer {'a' * 10_000}"})

        assert error(response)[::2] == (401, "not_authenticated")


class TestContentType:
    @pytest.mark.parametrize("path", LISTS)
    @pytest.mark.parametrize("given", ["", "text/html", "application/x-www-form-urlencoded", ";"])
    def test_of_a_list_must_be_json(self, trading: TestClient, path: str, given: str) -> None:
        response = trading.get(path, headers={"Content-Type": given})

        errors = {"detail": "Send the header Content-Type: application/json."}
        assert error(response) == (415, errors, "unsupported_media_type")

    @pytest.mark.parametrize("path", LISTS)
    def test_is_required_for_lists(self, trading: TestClient, path: str) -> None:
        del trading.headers["Content-Type"]

        assert trading.get(path).status_code == 415
        assert trading.post(REJECT).status_code == 415

    @pytest.mark.parametrize("given", ["Application/JSON", "application/json; charset=utf-8"])
    def test_may_have_parameters_and_other_case(self, trading: TestClient, given: str) -> None:
        assert trading.get(ORDERS, headers={"Content-Type": given}).status_code == 200


class TestAccept:
    @pytest.mark.parametrize("path", LISTS)
    @pytest.mark.parametrize("accept", ["text/html", "image/*", "application/json;q=0"])
    def test_must_include_json(self, trading: TestClient, path: str, accept: str) -> None:
        assert error(trading.get(path, headers={"Accept": accept}))[::2] == (
            406,
            "not_acceptable",
        )

    def test_must_include_json_for_responses_without_content(self, trading: TestClient) -> None:
        response = trading.post(REJECT, json={}, headers={"Accept": "text/html"})

        assert error(response)[::2] == (406, "not_acceptable")

    def test_may_prefer_html(self, trading: TestClient) -> None:
        accept = "text/html,application/xhtml+xml,*/*;q=0.8"

        assert trading.get(ORDERS, headers={"Accept": accept}).status_code == 200


class TestOrderOfChecks:
    STEPS: tuple[tuple[dict[str, str], int], ...] = (
        ({}, 401),
        ({"Authorization": "lacking"}, 403),
        ({"Authorization": "good"}, 406),
        ({"Accept": "application/json"}, 415),
        ({"Content-Type": "application/json"}, 400),
    )

    @pytest.mark.parametrize("path", [*LISTS, REJECT])
    def test_is_as_documented(
        self, trading: TestClient, shop: Shop, seller: Seller, path: str
    ) -> None:
        scope = Scope.ORDERS_READ if path == REJECT else Scope.ITEMS_REJECT
        lacking = f"Bearer {shop.token(seller, [scope])}"
        tokens = {"lacking": lacking, "good": trading.headers.pop("Authorization")}
        sent = {"Accept": "text/csv", "Content-Type": "text/csv"}
        method = "POST" if path == REJECT else "GET"
        for right, status in self.STEPS:
            sent |= {name: tokens.get(value, value) for name, value in right.items()}
            response = trading.request(
                method, f"{path}?x=1&page=9", headers=sent, content=b"{" if path == REJECT else b""
            )
            assert response.status_code == status

    @pytest.mark.parametrize("path", LISTS)
    def test_reports_an_absent_page_last(self, trading: TestClient, path: str) -> None:
        assert trading.get(f"{path}?page=9&limit=0").status_code == 400
        assert trading.get(f"{path}?page=9").status_code == 404

    def test_reports_a_malformed_body_before_a_malformed_path(self, trading: TestClient) -> None:
        path = REJECT.replace("33a11761", "x")

        assert trading.post(path, content=b"{").status_code == 400
        assert trading.post(path, json={}).status_code == 404
