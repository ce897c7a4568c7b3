from http import HTTPStatus

import pytest

from domain.shared.errors import (
    Conflict,
    FieldErrors,
    Gone,
    InvalidInput,
    KeyReused,
    NotFound,
    Refusal,
    RowErrors,
    RuleBroken,
)
from handlers.web.error_responses import error_body, status_of

TOO_LONG = InvalidInput("Must be at most %(limit)s characters long.", params={"limit": 9})
REQUIRED = InvalidInput("This field is required.", code="required")


class TestErrorBody:
    def test_has_a_detail_for_the_whole_request(self) -> None:
        assert error_body(NotFound(), "en-us") == {
            "detail": "Not found.",
            "error_code": "not_found",
        }

    def test_has_the_message_of_one_field(self) -> None:
        refusal = InvalidInput("This field is required.", field="page")

        assert error_body(refusal, "en-us") == {
            "page": "This field is required.",
            "error_code": "invalid",
        }

    def test_has_several_fields_and_the_code_of_the_first(self) -> None:
        refusal = FieldErrors({"reason": REQUIRED, "description": TOO_LONG})

        assert error_body(refusal, "tr-tr") == {
            "reason": "Bu alan zorunlu.",
            "description": "En çok 9 karakter olmalı.",
            "error_code": "required",
        }

    def test_has_nested_fields_below_their_names(self) -> None:
        row = FieldErrors({"pickup_date": FieldErrors({"date": REQUIRED}), "reason": REQUIRED})

        assert error_body(FieldErrors({"rows": FieldErrors({"3": row})}), "en-us") == {
            "rows": {
                "3": {
                    "pickup_date": {"date": "This field is required."},
                    "reason": "This field is required.",
                }
            },
            "error_code": "required",
        }

    def test_has_rules_as_non_field_errors(self) -> None:
        assert error_body(RuleBroken("Pickup address is required.", code="x_8"), "en-us") == {
            "non_field_errors": "Pickup address is required.",
            "error_code": "x_8",
        }

    def test_has_an_error_for_each_row(self) -> None:
        rows = RowErrors({1: FieldErrors({"reason": REQUIRED}), 3: RuleBroken(code="x")})

        assert error_body(rows, "en-us") == {
            "cancel_order_items": {
                "1": {"reason": "This field is required.", "error_code": "required"},
                "3": {
                    "non_field_errors": "The current state does not allow this.",
                    "error_code": "x",
                },
            }
        }


class TestStatusOf:
    @pytest.mark.parametrize(
        ("refusal", "status"),
        [
            (RuleBroken(), 406),
            (Conflict(), 409),
            (Gone(), 410),
            (KeyReused(), 422),
            (RowErrors({0: RuleBroken(), 1: RuleBroken()}), 406),
            (RowErrors({0: RuleBroken(), 1: FieldErrors({"reason": REQUIRED})}), 400),
        ],
        ids=["rule", "conflict", "gone", "key", "rules of rows", "values of rows"],
    )
    def test_depends_on_the_kind_of_refusal(self, refusal: Refusal, status: int) -> None:
        assert status_of(refusal) == HTTPStatus(status)
