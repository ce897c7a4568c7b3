import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.unit_shares import share_of_units

quantities = st.integers(1, 50)


@st.composite
def sequences(draw: st.DrawFn) -> tuple[int, int, list[int]]:
    """A line's total and quantity, and the sizes of successive parts."""
    quantity = draw(quantities)
    parts: list[int] = []
    while sum(parts) < quantity:
        parts.append(draw(st.integers(1, quantity - sum(parts))))
    return draw(st.integers(0, 10**15)), quantity, parts


class TestShareOfUnits:
    @given(sequences())
    def test_any_sequence_of_parts_adds_up_to_the_total(
        self, sequence: tuple[int, int, list[int]]
    ) -> None:
        total, quantity, parts = sequence
        preceding = 0
        shares = []
        for part in parts:
            shares.append(share_of_units(total, quantity, preceding, part))
            preceding += part

        assert sum(shares) == total
        assert all(share >= 0 for share in shares)

    @given(sequences())
    def test_the_first_part_is_its_proportion_rounded_to_the_nearest_unit(
        self, sequence: tuple[int, int, list[int]]
    ) -> None:
        total, quantity, [first, *_] = sequence

        share = share_of_units(total, quantity, 0, first)

        assert 2 * abs(share * quantity - total * first) <= quantity

    @pytest.mark.parametrize(
        ("total", "quantity", "shares"),
        [
            (100, 3, [33, 34, 33]),
            (200, 3, [67, 66, 67]),
            (1, 2, [1, 0]),
            (3, 2, [2, 1]),
            (5, 4, [1, 2, 1, 1]),
        ],
    )
    def test_single_units_round_to_the_nearest_and_halves_up(
        self, total: int, quantity: int, shares: list[int]
    ) -> None:
        counts = range(quantity)

        assert [share_of_units(total, quantity, preceding, 1) for preceding in counts] == shares

    def test_the_share_of_no_units_is_zero(self) -> None:
        assert share_of_units(1000, 3, 2, 0) == 0

    @pytest.mark.parametrize(("preceding", "units"), [(0, 4), (2, 2), (-1, 1), (1, -1)])
    def test_refuses_more_units_than_the_quantity(self, preceding: int, units: int) -> None:
        with pytest.raises(ValueError, match="fewer"):
            share_of_units(1000, 3, preceding, units)
