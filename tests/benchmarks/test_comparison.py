"""Responses of compared servers have to be equal."""

import pytest

from benchmarks.comparison import ResponsesDiffer, differences, parsed, require_equal


def test_equal_documents_do_not_differ() -> None:
    document = {"a": [1, {"b": None}], "c": "x"}

    assert list(differences(document, {"c": "x", "a": [1, {"b": None}]})) == []


@pytest.mark.parametrize(
    ("expected", "actual", "difference"),
    [
        ({"a": 1}, {"a": 2}, "/a: 1 or 2"),
        ({"a": 1}, {}, "/a: only one has it"),
        ({"a": True}, {"a": 1}, "/a: True or 1"),
        ({"a": [1]}, {"a": [1, 2]}, "/a: [1] or [1, 2]"),
        ({"a": [{"b": "1"}]}, {"a": [{"b": 1}]}, "/a/0/b: '1' or 1"),
    ],
)
def test_a_difference_is_reported_with_its_place(
    expected: object, actual: object, difference: str
) -> None:
    assert list(differences(expected, actual)) == [difference]


def test_a_server_with_another_response_is_named() -> None:
    with pytest.raises(ResponsesDiffer, match="DRF, list: /a: 1 or 2"):
        require_equal("DRF", "list", {"a": 1}, {"a": 2})


def test_parameters_of_the_next_page_come_in_any_order() -> None:
    first = parsed(b'{"next": "http://h/orders/?page=2&limit=3"}', is_record=False)
    second = parsed(b'{"next": "http://h/orders/?limit=3&page=2"}', is_record=False)

    assert first == second


def test_generated_fields_of_a_created_record_are_left_out() -> None:
    record = b'{"pk": 1, "uuid": "u", "order_item": 2}'

    assert parsed(record, is_record=True) == {"order_item": 2}
