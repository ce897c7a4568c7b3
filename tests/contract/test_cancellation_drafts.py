"""The bodies of cancellations and look-ups, and the errors for invalid ones.

The bodies of the storefront and anonymous documents are accepted unchanged.
"""

from datetime import date, time
from typing import Any

import pytest

from domain.shared.errors import InvalidInput
from handlers.contract.operations.operations import Operation
from handlers.http.media_types import FORM, JSON
from handlers.http.request_body import Content
from handlers.web.error_responses import error_body
from tests.contract.compiled import compiled_operations

SINGLE = ("createCancellationRequest", "createAnonymousCancellationRequest")
BULK = ("createBulkCancellationRequests", "createAnonymousBulkCancellationRequests", "cancelOrder")
PICKUP = {"date": "2024-01-01", "hour_range": {"start": "09:00", "end": "12:00"}}
REFUND = {
    "order_item": 12345,
    "reason": 67890,
    "cancellation_type": "refund",
    "description": "Test description",
    "shipping_company": 1,
    "pickup_address": 101,
    "pickup_date": PICKUP,
    "iban": "TR330006100519786457841326",
    "holder_name": "John Doe",
    "fully_refund_as_loyalty_money": True,
    "quantity": 2,
}
LOADED_PICKUP = {"date": date(2024, 1, 1), "hour_range": {"start": time(9), "end": time(12)}}
BULK_ROW = {
    "description": "test",
    "reason": 1,
    "pickup_address": 3,
    "cancellation_type": "refund",
    "order_item": 1,
    "shipping_company": 1,
    "pickup_date": PICKUP,
}
WRONG_ID = "A valid integer is required."
REQUIRED = "This field is required."
INVALID = "This value is not valid."


def load(operation: Operation, body: Any, content_type: str = JSON) -> Any:
    assert operation.body is not None
    return operation.body.read(Content(content_type, body, is_empty=False))


def refused(operation: Operation, body: Any, content_type: str = JSON) -> dict[str, Any]:
    """The error body, without its code."""
    with pytest.raises(InvalidInput) as refusal:
        load(operation, body, content_type)
    expected = error_body(refusal.value, "en-us")
    assert expected.pop("error_code") == "invalid"
    return expected


@pytest.mark.parametrize("operation_id", SINGLE)
class TestCancellationDraft:
    @pytest.fixture
    def operation(self, operation_id: str) -> Operation:
        return compiled_operations()[operation_id]

    def test_the_documented_example_is_accepted(self, operation: Operation) -> None:
        assert load(operation, REFUND) == REFUND | {"pickup_date": LOADED_PICKUP}

    def test_ids_may_be_strings_of_digits(self, operation: Operation) -> None:
        digits = {
            "order_item": "271",
            "reason": "003",
            "shipping_company": "9",
            "pickup_address": "8",
        }

        loaded = load(operation, {"cancellation_type": "cancel"} | digits)

        assert loaded == {
            "cancellation_type": "cancel",
            "order_item": 271,
            "reason": 3,
            "shipping_company": 9,
            "pickup_address": 8,
        }

    def test_optional_fields_may_be_null(self, operation: Operation) -> None:
        optional = dict.fromkeys(REFUND.keys() - {"order_item", "reason", "cancellation_type"})

        assert load(operation, REFUND | optional) == REFUND | optional

    def test_unknown_keys_are_ignored(self, operation: Operation) -> None:
        assert load(operation, REFUND | {"extra": {"a": [1]}}).keys() == REFUND.keys()

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("order_item", "12a", INVALID),
            ("order_item", "", INVALID),
            ("order_item", "-1", INVALID),
            ("order_item", "1" * 20, INVALID),
            ("order_item", 0, "Must be at least 1."),
            ("order_item", 2**63, f"Must be at most {2**63 - 1}."),
            ("order_item", None, WRONG_ID),
            ("order_item", 1.5, WRONG_ID),
            ("reason", True, WRONG_ID),
            ("shipping_company", [], WRONG_ID),
            ("pickup_address", {}, WRONG_ID),
            ("cancellation_type", "return", "This is not a valid choice."),
            ("quantity", 0, "Must be at least 1."),
            ("quantity", 10**6 + 1, "Must be at most 1000000."),
            ("quantity", "2", WRONG_ID),
            ("description", "x" * 1001, "Must be at most 1000 characters long."),
            ("description", "a\0b", INVALID),
            ("iban", "T" * 43, "Must be at most 42 characters long."),
            ("holder_name", "x" * 101, "Must be at most 100 characters long."),
            ("holder_name", "\0", INVALID),
            ("fully_refund_as_loyalty_money", "true", "A valid boolean is required."),
            ("pickup_date", "2027-01-01", "A valid object is required."),
            ("pickup_date", {}, {"date": REQUIRED, "hour_range": REQUIRED}),
            ("pickup_date", PICKUP | {"date": "2027-02-29"}, {"date": "Enter a valid date."}),
            ("pickup_date", PICKUP | {"date": "0000-01-01"}, {"date": "Enter a valid date."}),
            (
                "pickup_date",
                PICKUP | {"hour_range": {"start": "9:00", "end": "24:00"}},
                {"hour_range": {"start": INVALID, "end": INVALID}},
            ),
        ],
        ids=lambda value: repr(value)[:40],
    )
    def test_an_invalid_value_is_reported_with_its_field(
        self, operation: Operation, field: str, value: Any, message: Any
    ) -> None:
        assert refused(operation, REFUND | {field: value}) == {field: message}

    def test_all_missing_fields_are_reported(self, operation: Operation) -> None:
        assert refused(operation, {}) == dict.fromkeys(
            ("cancellation_type", "reason", "order_item"), REQUIRED
        )


@pytest.mark.parametrize("operation_id", BULK)
class TestBulkCancellationDraft:
    @pytest.fixture
    def operation(self, operation_id: str) -> Operation:
        return compiled_operations()[operation_id]

    def test_the_documented_example_is_accepted(self, operation: Operation) -> None:
        loaded = load(operation, {"cancel_order_items": [BULK_ROW]})

        assert loaded == {"cancel_order_items": [BULK_ROW | {"pickup_date": LOADED_PICKUP}]}

    def test_the_body_of_storefronts_is_accepted(self, operation: Operation) -> None:
        row = {"order_item": "271", "reason": "3", "cancellation_type": "refund", "extra": 1}
        unused = {"return_policy": True, "id": "12"}

        loaded = load(
            operation,
            {
                "cancel_order_items": [row],
                "pickup_address": "12",
                "fully_refund_as_loyalty_money": False,
                "order": 5,
                **unused,
            },
        )

        assert loaded == {
            "cancel_order_items": [{"order_item": 271, "reason": 3, "cancellation_type": "refund"}],
            "pickup_address": 12,
            "fully_refund_as_loyalty_money": False,
            **unused,
        }

    def test_invalid_fields_are_reported_by_row(self, operation: Operation) -> None:
        rows = [BULK_ROW, BULK_ROW | {"quantity": 0}, {"reason": "x"}, 5]

        expected = refused(operation, {"cancel_order_items": rows, "pickup_address": -1})

        assert expected == {
            "cancel_order_items": {
                "1": {"quantity": "Must be at least 1."},
                "2": {"cancellation_type": REQUIRED, "order_item": REQUIRED, "reason": INVALID},
                "3": "A valid object is required.",
            },
            "pickup_address": "Must be at least 1.",
        }

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({}, REQUIRED),
            ({"cancel_order_items": []}, "Must have at least 1 item."),
            ({"cancel_order_items": [BULK_ROW] * 101}, "Must have at most 100 items."),
            ({"cancel_order_items": [{}] * 80_000}, "Must have at most 100 items."),
            ({"cancel_order_items": {"0": BULK_ROW}}, "A valid list is required."),
        ],
        ids=["none", "empty", "101", "80,000", "object"],
    )
    def test_must_have_1_to_100_rows(
        self, operation: Operation, body: dict[str, Any], message: str
    ) -> None:
        assert refused(operation, body) == {"cancel_order_items": message}


class TestOrderLookUp:
    @pytest.fixture
    def operation(self) -> Operation:
        return compiled_operations()["lookUpAnonymousOrder"]

    @pytest.mark.parametrize("name", ["order", "number"])
    def test_accepts_either_name_of_the_order_number(self, operation: Operation, name: str) -> None:
        body = {"email": "a@b.example", name: "111111111111"}

        assert load(operation, body) == body

    def test_may_be_a_form(self, operation: Operation) -> None:
        loaded = load(
            operation, [("email", "a@b.example"), ("number", "1111"), ("csrf", "x")], FORM
        )

        assert loaded == {"email": "a@b.example", "number": "1111"}

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({}, {"email": REQUIRED, "order": REQUIRED}),
            ({"email": "a@b.example"}, {"order": REQUIRED}),
            (
                {"email": "", "order": ""},
                dict.fromkeys(("email", "order"), "Must be at least 1 character long."),
            ),
            (
                {"email": "a\0", "number": 5},
                {"email": INVALID, "number": "A valid string is required."},
            ),
            ({"email": "a" * 255, "order": "1"}, {"email": "Must be at most 254 characters long."}),
            ({"email": "a", "order": "1" * 65}, {"order": "Must be at most 64 characters long."}),
        ],
        ids=lambda value: repr(value)[:40],
    )
    def test_reports_every_invalid_field(
        self, operation: Operation, body: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        assert refused(operation, body) == expected


@pytest.mark.parametrize("operation_id", SINGLE + BULK)
class TestIdempotencyKey:
    def read(self, operation_id: str, key: str) -> dict[str, Any]:
        operation = compiled_operations()[operation_id]
        return operation.parameters.read({}, b"", {"Idempotency-Key": key})

    @pytest.mark.parametrize("key", ["7", '"8e03978e-40d5"', "a b", "~" * 255], ids=repr)
    def test_is_not_passed_as_a_parameter(self, operation_id: str, key: str) -> None:
        assert self.read(operation_id, key) == {}

    @pytest.mark.parametrize("key", ["", "a,b", "a, a", ",", "x" * 256, "ş", "a\tb"], ids=repr)
    def test_is_one_ascii_text_of_at_most_255_characters(self, operation_id: str, key: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            self.read(operation_id, key)

        assert refusal.value.field == "Idempotency-Key"
