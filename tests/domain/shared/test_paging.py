import pytest

from domain.shared.errors import InvalidPage
from domain.shared.paging import PageRequest


class TestRequireWithin:
    @pytest.mark.parametrize(("number", "count"), [(1, 0), (1, 1), (2, 21), (2, 40), (5, 100)])
    def test_accepts_an_existing_page(self, number: int, count: int) -> None:
        PageRequest(number, 20).require_within(count)

    @pytest.mark.parametrize(
        ("number", "count"), [(0, 0), (-1, 100), (2, 0), (2, 20), (3, 40), (10**30, 100)]
    )
    def test_refuses_an_absent_page(self, number: int, count: int) -> None:
        with pytest.raises(InvalidPage):
            PageRequest(number, 20).require_within(count)


def test_the_offset_is_the_number_of_earlier_entries() -> None:
    assert PageRequest(3, 20).offset == 40
