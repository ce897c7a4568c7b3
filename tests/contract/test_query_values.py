"""The formats of query values: those of the contract are accepted, and no others."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import MAXYEAR, UTC, date, datetime
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from domain.shared.errors import InvalidInput
from handlers.contract.document.validators import SchemaValidators, pointer_to
from handlers.contract.operations.format_converters import converter
from handlers.contract.operations.operations import Operation
from tests.contract.comparison import resolve
from tests.contract.compiled import compiled_contract, compiled_operations

MOMENT_FILTER = pointer_to("components", "schemas", "MomentFilter")
# For schemas that have neither examples nor a list of values.
BY_FORMAT = {
    "uuid": "33a11761-43bc-41d4-8f7f-1e860028367b",
    "date": "2026-03-01",
}
BY_NAME = {"next": "/"}
BY_TYPE: dict[str, Any] = {"integer": 1, "boolean": "true", "string": "text"}
YEARS = (1, 4, 100, 400, 999, 1000, 1900, 2000, 2023, 2024, 2100, 9996, 9999)
DAY = datetime(2026, 3, 31, tzinfo=UTC)


def schema_of(parameter: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = parameter["schema"]
    document = compiled_contract().document
    return resolve(document, schema["$ref"]) if "$ref" in schema else schema


def queries() -> Iterator[tuple[Operation, str, dict[str, Any], str]]:
    """Yield operation, name and schema of every query parameter, and the query's other required
    parameters."""
    document = compiled_contract().document
    for operation in compiled_operations().values():
        spec = document["paths"][operation.path][operation.method]
        every = (
            resolve(document, found["$ref"]) if "$ref" in found else found
            for found in spec.get("parameters", ())
        )
        query = {parameter["name"]: parameter for parameter in every if parameter["in"] == "query"}
        required = {name for name, parameter in query.items() if parameter.get("required")}
        for name, parameter in query.items():
            beside = "".join(f"&{other}=text" for other in required - {name})
            yield operation, name, schema_of(parameter), beside


def text_for(name: str, schema: dict[str, Any]) -> str:
    """A valid value of the parameter, as text."""
    named = schema.get("enum") or schema.get("examples")
    fallback = BY_FORMAT.get(schema.get("format", ""), BY_TYPE[schema["type"]])
    return BY_NAME.get(name) or str(named[0] if named else fallback)


def is_free_text(schema: dict[str, Any]) -> bool:
    return schema["type"] == "string" and not {"enum", "format"} & schema.keys()


QUERIES = list(queries())
NAMES = [f"{operation.operation_id}-{name}" for operation, name, _, _ in QUERIES]


@pytest.mark.parametrize(("operation", "name", "schema", "beside"), QUERIES, ids=NAMES)
def test_white_space_around_a_value_is_stripped_except_in_free_text(
    operation: Operation, name: str, schema: dict[str, Any], beside: str
) -> None:
    def read(text: str) -> Any:
        query = f"{name}={quote_plus(text)}{beside}".encode()
        try:
            return operation.parameters.read(dict.fromkeys(operation.path_names, "1"), query, {})
        except InvalidInput as refusal:
            return refusal.field

    text = text_for(name, schema)
    taken = read(text)

    assert isinstance(taken, dict)
    for around in (f" {text}", f"{text} ", f"\t{text}\r\n"):
        assert (read(around) == taken) is not is_free_text(schema)


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return SchemaValidators(compiled_contract().document).compile(MOMENT_FILTER)


def read_moment(text: str) -> date | datetime:
    schema = resolve(compiled_contract().document, f"#{MOMENT_FILTER}")
    value: date | datetime = converter(schema)(text)
    return value


class TestMoments:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-03-31T00:00:00Z",
            "2026-03-31T00:00:00.000000000Z",
            "2026-03-31t00:00:00z",
            "2026-03-31T00:00:00",
            "2026-03-31T00:00",
            "2026-03-31 00:00:00",
            "2026-03-31T00:00:00+00:00",
            "2026-03-31T00:00:00-00:00",
            "2026-03-31T00:00:00+0000",
            "2026-03-31 00:00+0000",
            "2026-03-31T03:00:00+03:00",
            "2026-03-31T03:00:00+0300",
            "2026-03-31T03:00:00 03:00",  # an offset whose + was not escaped
            "2026-03-31 03:00 0300",
            "2026-03-30T20:00:00-0400",
        ],
    )
    def test_are_read_in_all_accepted_formats(
        self, validator: Draft202012Validator, text: str
    ) -> None:
        assert validator.is_valid(text)
        assert read_moment(text) == DAY

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "2026",
            "2026-03",
            "20260331",
            "2026-3-31",
            "26-03-31",
            "2026-W14-2",
            "2026-090",
            "0000-01-01",
            "2026-03-31Z",
            "2026-03-31+03:00",
            "2026-03-31T",
            "2026-03-31T00",
            "2026-03-31T0000",
            "2026-03-31T24:00:00Z",
            "2026-03-31T00:60Z",
            "2026-12-31T23:59:60Z",
            "2026-03-31T00:00:00.Z",
            "2026-03-31T00:00:00,5Z",
            "2026-03-31_00:00:00Z",
            "2026-03-31  00:00:00",
            "2026-03-31T00:00:00 Z",
            "2026-03-31T00:00:00  03:00",
            "2026-03-31T00:00:00 +03:00",
            "2026-03-31T00:00:00+03",
            "2026-03-31T00:00:00+24:00",
            "2026-03-31T00:00:00+03:60",
            "2026-03-31T00:00:00+03:00:00",
            "2026-03-31T00:00:00Z+03:00",
            "2026-03-31T00:00:00.0000000000000000000Z0",
            "٢٠٢٦-٠٣-٣١",
        ],
    )
    def test_in_other_formats_are_refused(self, validator: Draft202012Validator, text: str) -> None:
        assert not validator.is_valid(text)

    @pytest.mark.parametrize("year", YEARS)
    def test_have_only_days_of_the_calendar(
        self, validator: Draft202012Validator, year: int
    ) -> None:
        months = {month: monthrange(year, month)[1] for month in range(1, 13)}
        written = {f"{year:04}-{month:02}-{day:02}" for month in range(14) for day in range(33)}

        accepted = {text for text in written if validator.is_valid(text)}

        days = [date(year, month, day + 1) for month in months for day in range(months[month])]
        assert accepted == {day.isoformat() for day in days}
        assert {read_moment(text) for text in accepted} == set(days)

    @given(
        st.datetimes().filter(lambda moment: 1 < moment.year < MAXYEAR),
        st.sampled_from("Tt "),
        st.sampled_from(["", "Z", "z", "+00:00", "-0000", " 23:59", "-2359", "+0330"]),
        st.sampled_from(["minutes", "seconds", "microseconds"]),
    )
    @settings(database=None, deadline=None, derandomize=True)
    def test_are_read_as_python_reads_rfc_3339(
        self, moment: datetime, separator: str, offset: str, precision: str
    ) -> None:
        validator = SchemaValidators(compiled_contract().document).compile(MOMENT_FILTER)
        text = moment.isoformat(separator, precision)
        plain = offset.replace(" ", "+").upper().replace("Z", "+00:00") or "+00:00"

        assert validator.is_valid(text + offset)
        assert read_moment(text + offset) == datetime.fromisoformat(text + plain)
