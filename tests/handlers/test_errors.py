from domain.errors import FieldErrors, InvalidInput, NotFound
from handlers.errors import error_body

TOO_LONG = InvalidInput("Must be at most %(limit)s characters long.", params={"limit": 9})
REQUIRED = InvalidInput("This field is required.", code="required")


class TestErrorBody:
    def test_speaks_of_the_request_as_a_whole(self) -> None:
        assert error_body(NotFound(), "en-us") == {
            "detail": "Not found.",
            "error_code": "not_found",
        }

    def test_speaks_of_one_field(self) -> None:
        refusal = InvalidInput("This field is required.", field="page")

        assert error_body(refusal, "en-us") == {
            "page": "This field is required.",
            "error_code": "invalid",
        }

    def test_speaks_of_several_fields_with_the_code_of_the_first(self) -> None:
        refusal = FieldErrors({"reason": REQUIRED, "description": TOO_LONG})

        assert error_body(refusal, "tr-tr") == {
            "reason": "Bu alan zorunlu.",
            "description": "En çok 9 karakter olmalı.",
            "error_code": "required",
        }

    def test_speaks_of_the_fields_of_fields_below_their_names(self) -> None:
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
