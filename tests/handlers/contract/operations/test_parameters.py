from datetime import date
from typing import Any

import pytest

from domain.shared.errors import InvalidInput, NotFound
from tests.support.small_contracts import make_parameters

INTEGER = {"type": "integer"}
BOOLEAN = {"type": "boolean"}
STRING = {"type": "string"}
PATH_PK = {"in": "path", "required": True, "schema": INTEGER}
ALIAS = {"in": "query", "x-alias-of": "number__is", "schema": STRING}
LANGUAGE = {"in": "header", "schema": STRING | {"maxLength": 5}}


def read(query: str | bytes, **schemas: Any) -> dict[str, Any]:
    raw = query if isinstance(query, bytes) else query.encode("ascii")
    return make_parameters(**schemas).read({}, raw, {})


def refused(query: str | bytes, **schemas: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as refusal:
        read(query, **schemas)
    return refusal.value


class TestIntegers:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("0", 0),
            ("-0", 0),
            ("-1", -1),
            ("007", 7),
            ("9223372036854775807", 2**63 - 1),
            ("9223372036854775808", 2**63),
            ("-9223372036854775809", -(2**63) - 1),
            ("10000000000000000000", 2**63),
            ("-10000000000000000000", -(2**63) - 1),
            ("9" * 5000, 2**63),
            ("-" + "9" * 5000, -(2**63) - 1),
            ("0" * 5000, 0),
            ("0" * 5000 + "12", 12),
        ],
        ids=lambda value: str(value)[:24] if isinstance(value, str) else None,
    )
    def test_are_read_at_any_length(self, text: str, value: int) -> None:
        assert read(f"page={text}", page=INTEGER) == {"page": value}

    @pytest.mark.parametrize(
        "text",
        ["", "x", "1.0", "1e3", "%2B1", "+1", " 1", "1%0A", "--1", "-", "0x1", "1_0", "%D9%A1"],
    )
    def test_are_refused_in_any_other_notation(self, text: str) -> None:
        refusal = refused(f"page={text}", page=INTEGER)

        assert (refusal.field, refusal.message) == ("page", "A valid integer is required.")

    def test_are_refused_past_their_bounds(self) -> None:
        limit = INTEGER | {"minimum": 1, "maximum": 100}

        assert read("limit=1", limit=limit) | read("limit=100", limit=limit) == {"limit": 100}
        assert refused("limit=0", limit=limit).message == "Must be at least %(limit)s."
        assert refused("limit=101", limit=limit).params == {"limit": 100}
        assert refused(f"limit={'9' * 5000}", limit=limit).field == "limit"


class TestBooleans:
    @pytest.mark.parametrize(
        ("text", "value"), [("true", True), ("True", True), ("false", False), ("False", False)]
    )
    def test_are_read_in_the_notations_of_json_and_python(self, text: str, value: bool) -> None:
        assert read(f"last_month={text}", last_month=BOOLEAN) == {"last_month": value}

    @pytest.mark.parametrize("text", ["", "1", "0", "yes", "TRUE", "null"])
    def test_are_refused_in_any_other_notation(self, text: str) -> None:
        refusal = refused(f"last_month={text}", last_month=BOOLEAN)

        assert (refusal.field, refusal.message) == ("last_month", "A valid boolean is required.")


class TestTexts:
    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            ("", ""),
            ("a+b", "a b"),
            ("a%2Bb", "a+b"),
            ("a=b", "a=b"),
            ("%C5%9F%26", "ş&"),
            ("100%", "100%"),
            ("%zz", "%zz"),
            ("a;b", "a;b"),
        ],
    )
    def test_are_percent_decoded(self, raw: str, text: str) -> None:
        assert read(f"search={raw}", search=STRING) == {"search": text}

    @pytest.mark.parametrize("raw", ["%FF", "%C5", "a%80b", "%ED%A0%80", "%C0%AF"])
    def test_are_refused_when_they_are_not_utf_8(self, raw: str) -> None:
        refusal = refused(f"search={raw}", search=STRING)

        assert (refusal.field, refusal.message) == ("search", "This value is not valid UTF-8.")

    @pytest.mark.parametrize(
        ("keywords", "raw", "message"),
        [
            ({"enum": ["try", "usd"]}, "TRY", "This is not a valid choice."),
            ({"pattern": "^[^\\u0000]*$"}, "a%00b", "This value is not valid."),
            ({"maxLength": 2}, "%C5%9F%C5%9F%C5%9F", "Must be at most %(limit)s characters long."),
            ({"minLength": 1}, "", "Must be at least 1 character long."),
            ({"format": "date"}, "2026-02-30", "Enter a valid date."),
            ({"format": "uuid"}, "123", "Enter a valid UUID."),
            ({"anyOf": [{"format": "date"}, {"pattern": "T"}]}, "1", "Enter a valid date."),
        ],
        ids=["enum", "pattern", "maxLength", "minLength", "date", "uuid", "anyOf"],
    )
    def test_are_refused_when_their_schema_does_not_allow_them(
        self, keywords: dict[str, Any], raw: str, message: str
    ) -> None:
        refusal = refused(f"search={raw}", search=STRING | keywords)

        assert (refusal.field, refusal.message) == ("search", message)

    def test_count_characters_not_bytes(self) -> None:
        assert read("search=%C5%9F%C5%9F", search=STRING | {"maxLength": 2}) == {"search": "şş"}


class TestQuery:
    def test_omits_absent_parameters_without_a_default(self) -> None:
        assert read("", page=INTEGER, limit=INTEGER | {"default": 20}) == {"limit": 20}

    def test_prefers_a_value_to_the_default(self) -> None:
        assert read("limit=5", limit=INTEGER | {"default": 20}) == {"limit": 5}

    @pytest.mark.parametrize(
        "query",
        ["format=json", "_=1700000000", "&&", "=", "Page=x", "page%5B%5D=x", "%FF=1", "x=%FF"],
    )
    def test_ignores_unknown_parameters(self, query: str) -> None:
        assert read(f"{query}&page=2", page=INTEGER) == {"page": 2}

    @pytest.mark.parametrize("query", ["page=2&page=2", "page=2&x=1&p%61ge=3"])
    def test_refuses_a_repeated_known_parameter(self, query: str) -> None:
        refusal = refused(query, page=INTEGER)

        assert (refusal.field, refusal.message) == (
            "page",
            "This parameter may be given only once.",
        )

    def test_accepts_a_repeated_unknown_parameter(self) -> None:
        assert read("x=1&x=2", page=INTEGER) == {}

    def test_decodes_names_of_parameters(self) -> None:
        assert read("%70age=2", page=INTEGER) == {"page": 2}

    def test_reads_a_name_without_an_equals_sign_as_empty(self) -> None:
        assert read("search", search=STRING) == {"search": ""}

    @pytest.mark.parametrize("query", ["", "page=2"])
    def test_refuses_a_missing_required_parameter(self, query: str) -> None:
        number = {"in": "query", "required": True, "schema": STRING}

        refusal = refused(query, number=number, page=INTEGER)

        assert (refusal.field, refusal.message) == ("number", "This field is required.")

    def test_accepts_a_required_parameter(self) -> None:
        number = {"in": "query", "required": True, "schema": STRING}

        assert read("number=A-1", number=number) == {"number": "A-1"}

    def test_never_echoes_a_refused_value(self) -> None:
        refusal = refused("email=elif%40example.com", email=STRING | {"maxLength": 3})

        assert "elif" not in f"{refusal.message} {refusal.params} {refusal}"


class TestWhiteSpace:
    @pytest.mark.parametrize("blanks", ["+", "++", "%20", "%09", "%0D%0A"])
    @pytest.mark.parametrize(
        ("schema", "text", "value"),
        [
            (INTEGER, "12", 12),
            (INTEGER, "-1", -1),
            (BOOLEAN, "true", True),
            (STRING | {"enum": ["try", "usd"]}, "usd", "usd"),
            (STRING | {"format": "date"}, "2026-03-01", date(2026, 3, 1)),
            (STRING | {"format": "currency", "maxLength": 3}, "TRY", "try"),
        ],
        ids=["integer", "negative", "boolean", "enum", "date", "currency"],
    )
    def test_around_a_value_is_stripped(
        self, blanks: str, schema: dict[str, Any], text: str, value: object
    ) -> None:
        for around in (f"{blanks}{text}", f"{text}{blanks}", f"{blanks}{text}{blanks}"):
            assert read(f"value={around}", trims_queries=True, value=schema) == {"value": value}

    @pytest.mark.parametrize("text", ["", "+", "1+2", "%C2%A01", "1%E2%80%83", "1%00", "1%0B"])
    def test_alone_inside_or_of_other_kinds_is_refused(self, text: str) -> None:
        refusal = refused(f"page={text}", trims_queries=True, page=INTEGER)

        assert (refusal.field, refusal.message) == ("page", "A valid integer is required.")

    @pytest.mark.parametrize("keywords", [{}, {"minLength": 1}, {"pattern": "^ "}])
    def test_around_free_text_is_not_stripped(self, keywords: dict[str, Any]) -> None:
        schema = STRING | keywords

        assert read("search=+a+", trims_queries=True, search=schema) == {"search": " a "}

    def test_is_not_stripped_by_default(self) -> None:
        assert refused("page=1+", page=INTEGER).field == "page"

    def test_is_not_stripped_in_paths(self) -> None:
        with pytest.raises(NotFound):
            make_parameters(trims_queries=True, pk=PATH_PK).read({"pk": "1 "}, b"", {})

    def test_is_not_stripped_in_headers(self) -> None:
        size = {"in": "header", "schema": INTEGER}

        with pytest.raises(InvalidInput):
            make_parameters(trims_queries=True, size=size).read({}, b"", {"size": "1 "})


class TestStrictQuery:
    @pytest.mark.parametrize(
        ("query", "nearest"),
        [
            ("pge=1", "page"),
            ("page__gte=1", "page"),
            ("number__icontain=1", "number__icontains"),
            ("NUMBER=1&page=1", "page"),
            ("_=1", "number__icontains"),
            ("=", "page"),
            ("%FF=1", "page"),
            ("x" * 8000, "page"),
        ],
        ids=lambda text: text[:20],
    )
    def test_refuses_unknown_parameters_and_names_the_nearest(
        self, query: str, nearest: str
    ) -> None:
        refusal = refused(query, is_strict=True, page=INTEGER, number__icontains=STRING)

        assert (refusal.field, refusal.code) == (None, "unknown_parameter")
        assert refusal.params == {"nearest": nearest}

    def test_names_no_nearest_without_parameters(self) -> None:
        assert refused("page=1", is_strict=True).params == {"nearest": "-"}

    @pytest.mark.parametrize("query", ["", "&&", "page=1&"])
    def test_accepts_empty_pairs(self, query: str) -> None:
        assert read(query, is_strict=True, page=INTEGER) == ({"page": 1} if "1" in query else {})

    def test_never_echoes_an_unknown_name(self) -> None:
        refusal = refused("elif%40example.com=1", is_strict=True, page=INTEGER)

        assert "elif" not in f"{refusal.message} {refusal.params} {refusal.field}"


class TestAliases:
    def test_are_passed_on_by_the_original_name(self) -> None:
        assert read("numberis=1", number__is=STRING, numberis=ALIAS) == {"number__is": "1"}

    @pytest.mark.parametrize(
        "query", ["number__is=1&numberis=1", "numberis=1&number__is=1", "numberis=1&numberis=1"]
    )
    def test_are_refused_beside_the_original(self, query: str) -> None:
        refusal = refused(query, number__is=STRING, numberis=ALIAS)

        assert refusal.message == "This parameter may be given only once."

    def test_are_refused_by_their_own_name(self) -> None:
        integer = ALIAS | {"schema": INTEGER}

        assert refused("numberis=x", number__is=INTEGER, numberis=integer).field == "numberis"

    def test_are_never_named_as_the_nearest(self) -> None:
        refusal = refused("numberis_=1", is_strict=True, number__is=STRING, numberis=ALIAS)

        assert refusal.params == {"nearest": "number__is"}

    def test_are_not_parameters_of_a_handler(self) -> None:
        assert make_parameters(number__is=STRING, numberis=ALIAS).names == {"number__is"}

    def test_need_an_existing_parameter(self) -> None:
        again = ALIAS | {"x-alias-of": "numberis"}

        with pytest.raises(ValueError, match="numberis is an alias of number__is"):
            make_parameters(numberis=ALIAS)
        with pytest.raises(ValueError, match="other is an alias of numberis"):
            make_parameters(number__is=STRING, numberis=ALIAS, other=again)


class TestPath:
    @pytest.mark.parametrize("text", ["x", "", "1.5", "\ufffd", "1\n"])
    def test_with_an_invalid_value_is_not_found(self, text: str) -> None:
        with pytest.raises(NotFound):
            make_parameters(pk=PATH_PK).read({"pk": text}, b"", {})

    def test_with_a_value_out_of_bounds_is_not_found(self) -> None:
        pk = PATH_PK | {"schema": INTEGER | {"minimum": 1}}

        with pytest.raises(NotFound):
            make_parameters(pk=pk).read({"pk": "-1"}, b"", {})

    def test_with_a_value_that_can_not_be_converted_is_not_found(self) -> None:
        day = {"in": "path", "required": True, "schema": STRING | {"format": "date-time"}}

        with pytest.raises(NotFound):
            make_parameters(day=day).read({"day": "9999-12-31T23:59:00-12:00"}, b"", {})

    @pytest.mark.parametrize(
        ("text", "pk"), [("-1", -1), ("9223372036854775808", 2**63), ("9" * 5000, 2**63)]
    )
    def test_with_a_number_of_any_size_is_passed_on(self, text: str, pk: int) -> None:
        assert make_parameters(pk=PATH_PK).read({"pk": text}, b"", {}) == {"pk": pk}

    def test_is_validated_after_the_query(self) -> None:
        with pytest.raises(InvalidInput):
            make_parameters(pk=PATH_PK, limit=INTEGER).read({"pk": "x"}, b"limit=x", {})


class TestHeaders:
    def read(self, parameter: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        return make_parameters(language=parameter).read({}, b"", headers)

    def test_are_validated_and_not_passed_on(self) -> None:
        assert self.read(LANGUAGE, {"language": "tr-tr"}) == {}

    def test_are_refused_by_name(self) -> None:
        with pytest.raises(InvalidInput) as refusal:
            self.read(LANGUAGE, {"language": "tr-tr,en"})

        assert refusal.value.field == "language"

    def test_may_be_absent_unless_they_are_required(self) -> None:
        assert self.read(LANGUAGE, {}) == {}
        with pytest.raises(InvalidInput) as refusal:
            self.read(LANGUAGE | {"required": True}, {})

        assert refusal.value.message == "This field is required."


def test_names_are_those_of_a_handlers_arguments() -> None:
    parameters = make_parameters(pk=PATH_PK, page=INTEGER, language=LANGUAGE)

    assert set(parameters.names) == {"pk", "page"}
    assert set(parameters.path_names) == {"pk"}
