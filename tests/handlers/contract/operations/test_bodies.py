from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from domain.shared.errors import FieldErrors, InvalidInput, Refusal
from handlers.contract.operations.bodies import Body, ContentType
from handlers.http.errors import UnsupportedMediaType
from handlers.http.media_types import FORM, JSON
from handlers.http.request_body import Content
from tests.support.guard_requests import sent
from tests.support.small_contracts import make_operation

LOGIN = {
    "type": "object",
    "required": ["email", "password"],
    "properties": {
        "email": {"type": "string", "maxLength": 20, "minLength": 1},
        "password": {"type": "string"},
        "trusted": {"type": "boolean"},
        "gift": {"type": ["boolean", "null"]},
        "places": {
            "type": "array",
            "maxItems": 2,
            "minItems": 1,
            "items": {"type": "object", "required": ["name"]},
        },
        "born": {"type": ["string", "null"], "format": "date"},
    },
}
VALID = b'{"email": "elif@example.com", "password": "secret"}'
VALID_FORM = b"email=elif%40example.com&password=correct+horse"


def make_body(*, required: bool = True, login: Mapping[str, Any] = LOGIN, **others: Any) -> Body:
    content = {
        media_type: {"schema": {"$ref": "#/components/schemas/Login"}}
        for media_type in (JSON, FORM)
    }
    body = make_operation(
        method="post",
        requestBody={"required": required, "content": content},
        components={"schemas": {"Login": login, "Thing": {}, "Error": {}} | others},
    ).body
    assert body is not None
    return body


def refused(raw: bytes, content_type: str = JSON, **overrides: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as refusal:
        make_body(**overrides).read(sent(raw, content_type))
    return refusal.value


def fields_of(refusal: Refusal) -> Any:
    """The message for each field, nested as in the body."""
    if isinstance(refusal, FieldErrors):
        return {name: fields_of(error) for name, error in refusal.errors.items()}
    return refusal.message


class TestMediaType:
    @pytest.mark.parametrize(
        "content_type",
        [JSON, "APPLICATION/JSON; charset=utf-8", " application/json ;x=y", FORM, FORM.title()],
    )
    def test_is_case_insensitive_and_may_have_parameters(self, content_type: str) -> None:
        raw = VALID_FORM if "form" in content_type.lower() else VALID

        assert make_body().read(sent(raw, content_type))["email"] == "elif@example.com"

    @pytest.mark.parametrize(
        "content_type",
        ["", ";charset=utf-8", "text/plain", "application/json, text/html", "json", "*/*"],
    )
    @pytest.mark.parametrize("required", [True, False])
    def test_is_refused_if_missing_or_unsupported(self, content_type: str, required: bool) -> None:
        with pytest.raises(UnsupportedMediaType):
            make_body(required=required).read(sent(VALID, content_type))

    def test_is_required_for_an_empty_required_body(self) -> None:
        with pytest.raises(UnsupportedMediaType):
            make_body().read(Content())

    def test_of_another_operation_is_refused(self) -> None:
        content = {JSON: {"schema": {"$ref": "#/components/schemas/Thing"}}}
        body = make_operation(method="post", requestBody={"content": content}).body
        assert body is not None

        with pytest.raises(UnsupportedMediaType):
            body.read(sent(VALID_FORM, FORM))


class TestJson:
    @pytest.mark.parametrize("content_type", [JSON, "APPLICATION/JSON; charset=utf-8"])
    def test_is_loaded_without_unknown_keys(self, content_type: str) -> None:
        raw = VALID[:-1] + b', "extra": {"a": 1}, "trusted": true, "born": null}'

        assert make_body().read(sent(raw, content_type)) == {
            "email": "elif@example.com",
            "password": "secret",
            "trusted": True,
            "born": None,
        }

    def test_that_cannot_be_decoded_is_malformed(self) -> None:
        refusal = refused(b"{")

        assert (refusal.code, refusal.field) == ("malformed_body", None)
        assert refusal.message == "The request body is malformed."

    @pytest.mark.parametrize("raw", [b"[]", b"null", b'"text"', b"1", b"true"])
    def test_that_is_not_an_object_is_refused(self, raw: bytes) -> None:
        refusal = refused(raw)

        assert (refusal.field, refusal.message) == (None, "A valid object is required.")

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"email": 5}, "A valid string is required."),
            ({"email": None}, "A valid string is required."),
            ({"email": ""}, "Must be at least 1 character long."),
            ({"trusted": "true"}, "A valid boolean is required."),
            ({"trusted": 1}, "A valid boolean is required."),
            ({"gift": 1}, "A valid boolean is required."),
            ({"places": {}}, "A valid list is required."),
            ({"places": []}, "Must have at least 1 item."),
            ({"places": [{}]}, {"0": {"name": "This field is required."}}),
            ({"places": [{"name": "x"}, 1]}, {"1": "A valid object is required."}),
            ({"born": "2026-02-30"}, "Enter a valid date."),
            ({"born": "0000-01-01"}, "Enter a valid date."),
        ],
        ids=str,
    )
    def test_that_is_invalid_names_the_field(self, change: dict[str, Any], message: Any) -> None:
        refusal = refused(orjson.dumps(orjson.loads(VALID) | change))

        assert [fields_of(refusal)] == [dict.fromkeys(change, message)]

    def test_that_lacks_a_field_names_the_field(self) -> None:
        refusal = refused(b'{"password": "secret"}')

        assert fields_of(refusal) == {"email": "This field is required."}

    def test_with_several_faults_reports_all_of_them(self) -> None:
        refusal = refused(b'{"email": "", "trusted": 1, "places": [{"name": 1}, {}, 5]}')

        assert fields_of(refusal) == {
            "password": "This field is required.",
            "email": "Must be at least 1 character long.",
            "trusted": "A valid boolean is required.",
            "places": "Must have at most %(limit)s items.",
        }
        assert (refusal.code, refusal.message) == ("invalid", "This field is required.")

    def test_with_a_far_too_long_list_reports_only_this(self) -> None:
        raw = b'{"email": "a", "password": "b", "places": [' + b"{}," * 9_000 + b"{}]}"

        refusal = refused(raw)

        assert fields_of(refusal) == {"places": "Must have at most %(limit)s items."}

    @pytest.mark.parametrize(
        ("schema", "message"),
        [
            ({"minLength": 9, "pattern": "^x"}, "Must be at least %(limit)s characters long."),
            ({"anyOf": [{"type": "integer"}, {"minLength": 9}]}, "A valid integer is required."),
            ({"anyOf": [{}], "not": {}}, "This value is not valid."),
        ],
        ids=str,
    )
    def test_with_two_faults_in_a_field_reports_one(
        self, schema: dict[str, Any], message: str
    ) -> None:
        login = {"type": "object", "properties": {"email": schema}}

        assert fields_of(refused(b'{"email": "a"}', login=login)) == {"email": message}

    def test_with_an_invalid_date_names_its_place(self) -> None:
        properties = {"born": {"type": "string", "format": "date"}}
        login = {"properties": {"owners": {"items": {"$ref": "#/components/schemas/Owner"}}}}

        refusal = refused(
            b'{"owners": [{}, {"born": "0000-01-01"}]}',
            login=login,
            Owner={"properties": properties},
        )

        assert fields_of(refusal) == {"owners": {"1": {"born": "Enter a valid date."}}}

    def test_reports_the_limit_and_never_the_value(self) -> None:
        refusal = refused(VALID.replace(b"elif@", b"elif.kaya.longer@"))

        assert isinstance(refusal, FieldErrors)
        assert refusal.errors["email"].params == {"limit": 20}
        assert "elif" not in f"{fields_of(refusal)} {refusal}"

    def test_with_an_unknown_key_is_refused_if_the_contract_forbids_it(self) -> None:
        refusal = refused(VALID[:-1] + b', "a": 1}', login=LOGIN | {"additionalProperties": False})

        assert (refusal.field, refusal.message) == (None, "This field is not known.")


class TestForm:
    def test_is_decoded_and_loaded(self) -> None:
        form = make_body().read(sent(VALID_FORM + b"&next=", f"{FORM}; charset=utf-8"))

        assert form == {"email": "elif@example.com", "password": "correct horse"}

    def test_does_not_ignore_empty_fields(self) -> None:
        refusal = refused(b"email=&password=x", FORM)

        assert fields_of(refusal) == {"email": "Must be at least 1 character long."}

    @pytest.mark.parametrize("repeated", [b"email=x", b"e%6Dail=x"])
    def test_with_a_repeated_field_is_malformed(self, repeated: bytes) -> None:
        assert refused(VALID_FORM + b"&" + repeated, FORM).code == "malformed_body"

    def test_may_repeat_an_unknown_field(self) -> None:
        form = make_body().read(sent(VALID_FORM + b"&extra=1&extra=1", FORM))

        assert form == {"email": "elif@example.com", "password": "correct horse"}

    def test_with_a_missing_field_names_the_field(self) -> None:
        refusal = refused(b"email=elif%40example.com", FORM)

        assert fields_of(refusal) == {"password": "This field is required."}

    def test_that_contains_json_lacks_all_fields(self) -> None:
        assert list(fields_of(refused(VALID, FORM))) == ["email", "password"]


class TestEmptyBody:
    @pytest.mark.parametrize("content_type", ["", JSON, FORM, "text/plain"])
    def test_is_none_if_optional(self, content_type: str) -> None:
        assert make_body(required=False).read(Content(content_type)) is None

    def test_is_refused_if_required(self) -> None:
        with pytest.raises(InvalidInput) as refused:
            make_body().read(Content(JSON))

        refusal = refused.value
        assert (refusal.code, refusal.field) == ("body_required", None)


class TestContentType:
    @pytest.mark.parametrize("required_type", ContentType)
    @pytest.mark.parametrize("given", [JSON, "APPLICATION/JSON; charset=utf-8"])
    def test_may_always_be_json(self, required_type: ContentType, given: str) -> None:
        required_type.check(given)

    @pytest.mark.parametrize("given", ["", "text/html", "application/jsonx", ";", "json", FORM])
    def test_must_be_json_if_required(self, given: str) -> None:
        with pytest.raises(UnsupportedMediaType) as refusal:
            ContentType.JSON.check(given)

        assert refusal.value.message == "Send the header Content-Type: application/json."

    def test_must_be_json_or_missing_if_optional(self) -> None:
        ContentType.JSON_OR_NONE.check("")
        with pytest.raises(UnsupportedMediaType):
            ContentType.JSON_OR_NONE.check(FORM)

    def test_may_be_anything_otherwise(self) -> None:
        ContentType.ANY.check("text/csv")
        ContentType.ANY.check("")
