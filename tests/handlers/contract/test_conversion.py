from datetime import UTC, date, datetime
from typing import Any

import pytest

from handlers.contract.conversion import converter

DAY = {"type": "string", "format": "date"}
MOMENT = {"type": "string", "format": "date-time"}
EITHER = {
    "type": "string",
    "anyOf": [{"format": "date"}, {"format": "date-time"}, {"pattern": "T"}],
}


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
def test_a_date_time_becomes_utc(schema: dict[str, Any], text: str, moment: datetime) -> None:
    value = converter(schema)(text)

    assert (value, value.tzinfo) == (moment, UTC)


@pytest.mark.parametrize("schema", [MOMENT, EITHER])
@pytest.mark.parametrize(
    "text",
    ["9999-12-31T23:59-12:00", "0001-01-01T00:00+14:00", "2016-12-31T23:59:60Z"],
    ids=["past year 9999", "before year 1", "leap second"],
)
def test_a_date_time_that_no_clock_can_show_is_refused(schema: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=r"^Enter a valid date and time\.$"):
        converter(schema)(text)


@pytest.mark.parametrize("text", ["0000-01-01", "2026-02-29", "2026-13-01"])
def test_a_date_that_no_calendar_has_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Enter a valid date\.$"):
        converter(EITHER)(text)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "2026-03-01"),
        ({"type": "integer", "format": "int64"}, 5),
        ({"type": "string", "format": "uuid"}, "00000000-0000-0000-0000-000000000000"),
        ({"type": "string", "anyOf": [{"format": "date"}, {"format": "uuid"}]}, "2026-03-01"),
    ],
)
def test_everything_else_stays_as_it_is(schema: dict[str, Any], value: Any) -> None:
    assert converter(schema)(value) is value
