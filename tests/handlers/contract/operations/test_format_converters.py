from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from handlers.contract.operations.format_converters import converter

DAY = {"type": "string", "format": "date"}
MOMENT = {"type": "string", "format": "date-time"}
JSON = {"type": "string", "format": "json"}
EITHER = {"type": "string", "format": "moment"}


@pytest.mark.parametrize("schema", [DAY, EITHER])
def test_a_date_becomes_a_date(schema: dict[str, Any]) -> None:
    value = converter(schema)("2024-02-29")

    assert (type(value), value) == (date, date(2024, 2, 29))


@pytest.mark.parametrize("schema", [MOMENT, EITHER])
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T09:30:00Z", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01t09:30:00z", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01T09:30:00+03:00", datetime(2026, 3, 1, 6, 30, tzinfo=UTC)),
        ("2026-03-01T00:30:00+03:00", datetime(2026, 2, 28, 21, 30, tzinfo=UTC)),
        ("2026-03-01T09:30:00-00:00", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01T09:30:00.25Z", datetime(2026, 3, 1, 9, 30, 0, 250_000, UTC)),
        ("2026-03-01T09:30:00.123456789Z", datetime(2026, 3, 1, 9, 30, 0, 123_456, UTC)),
        ("2026-03-01T09:30:00", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01T09:30", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999Z", datetime.max.replace(tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_a_date_time_is_converted_to_utc(
    schema: dict[str, Any], text: str, moment: datetime
) -> None:
    value = converter(schema)(text)

    assert (value, value.tzinfo) == (moment, UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01 09:30:00Z", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01 09:30", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01T09:30:00+0300", datetime(2026, 3, 1, 6, 30, tzinfo=UTC)),
        ("2026-03-01T09:30:00-0330", datetime(2026, 3, 1, 13, 0, tzinfo=UTC)),
        ("2026-03-01T09:30:00 03:00", datetime(2026, 3, 1, 6, 30, tzinfo=UTC)),
        ("2026-03-01 09:30:00.5 0300", datetime(2026, 3, 1, 6, 30, 0, 500_000, UTC)),
        ("2026-03-01 09:30 03:00", datetime(2026, 3, 1, 6, 30, tzinfo=UTC)),
        ("2026-03-01t09:30z", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_date_time_is_read_in_other_formats(text: str, moment: datetime) -> None:
    value = converter(EITHER)(text)

    assert (value, value.tzinfo) == (moment, UTC)


@pytest.mark.parametrize("schema", [MOMENT, EITHER])
@pytest.mark.parametrize(
    "text",
    ["9999-12-31T23:59-12:00", "0001-01-01T00:00+14:00", "2016-12-31T23:59:60Z"],
    ids=["past year 9999", "before year 1", "leap second"],
)
def test_an_invalid_date_time_is_refused(schema: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=r"^Enter a valid date and time\.$"):
        converter(schema)(text)


@pytest.mark.parametrize("text", ["0000-01-01", "2026-02-29", "2026-13-01"])
def test_an_invalid_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Enter a valid date\.$"):
        converter(EITHER)(text)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "2026-03-01"),
        ({"type": "integer", "format": "int64"}, 5),
        ({"type": "string", "format": "email"}, "elif@example.com"),
        ({"type": "string", "anyOf": [{"format": "date"}]}, "2026-03-01"),
    ],
)
def test_other_values_are_not_converted(schema: dict[str, Any], value: Any) -> None:
    assert converter(schema)(value) is value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (
            "uuid",
            "E819386C-b406-43dc-86c9-212ff633afe2",
            UUID(int=0xE819386CB40643DC86C9212FF633AFE2),
        ),
        ("uuid", "00000000-0000-0000-0000-000000000000", UUID(int=0)),
        ("decimal", "-10.50", Decimal("-10.50")),
        ("decimal", "9" * 40, Decimal(10**40 - 1)),
        ("currency", "TRY", "try"),
        ("json", "{}", {}),
        ("json", ' {"rate": [1, 2.5, null, "ş"]} ', {"rate": [1, 2.5, None, "ş"]}),
        ("json", '"text"', "text"),
    ],
)
def test_a_text_is_converted_by_its_format(kind: str, text: str, value: object) -> None:
    assert converter({"type": "string", "format": kind})(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "{", "NaN", "Infinity", "1e400", '"\\ud800"', '{"a": ["\\u0000"]}', '{"\\u0000": 1}'],
)
def test_invalid_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="valid JSON"):
        converter(JSON)(text)


@pytest.mark.parametrize("depth", [21, 300, 1500, 10_000])
@pytest.mark.parametrize("nested", ["[%s]", '{"a": %s}'])
def test_json_is_refused_past_20_levels(depth: int, nested: str) -> None:
    start, end = nested.split("%s")

    assert converter(JSON)(start * 20 + "1" + end * 20)
    with pytest.raises(ValueError, match="valid JSON"):
        converter(JSON)(start * depth + "1" + end * depth)
