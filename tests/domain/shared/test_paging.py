import pytest

from domain.shared.errors import InvalidPage
from domain.shared.paging import PageRequest


class TestRequireWithin:
    @pytest.mark.parametrize(("number", "count"), [(1, 0), (1, 1), (2, 21), (2, 40), (5, 100)])
    def test_accepts_a_page_that_is_there(self, number: int, count: int) -> None:
        PageRequest(number, 20).require_within(count)

    @pytest.mark.parametrize(
        ("number", "count"), [(0, 0), (-1, 100), (2, 0), (2, 20), (3, 40), (10**30, 100)]
    )
    def test_refuses_one_that_is_not(self, number: int, count: int) -> None:
        with pytest.raises(InvalidPage):
            PageRequest(number, 20).require_within(count)


def test_the_offset_counts_what_comes_before() -> None:
    assert PageRequest(3, 20).offset == 40
