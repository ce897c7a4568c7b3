import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.money import (
    Currency,
    InvalidAmount,
    format_amount,
    format_rate,
    parse_amount,
    parse_rate,
    split,
)

AMOUNTS = st.integers(0, 10**14 - 1)
WEIGHTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=30)


class TestCurrency:
    def test_the_dinars_and_the_rial_have_three_decimals(self) -> None:
        three = {currency for currency in Currency if currency.exponent == 3}

        assert three == {"kwd", "bhd", "omr", "iqd", "jod"}

    def test_all_others_have_two(self) -> None:
        assert {currency.exponent for currency in Currency} == {2, 3}


class TestFormatAmount:
    @pytest.mark.parametrize(
        ("minor_units", "currency", "text"),
        [
            (0, Currency.TRY, "0.00"),
            (5, Currency.TRY, "0.05"),
            (1099, Currency.TRY, "10.99"),
            (1099, Currency.KWD, "1.099"),
            (-250, Currency.EUR, "-2.50"),
            (-5, Currency.EUR, "-0.05"),
        ],
    )
    def test_has_the_decimals_of_the_currency(
        self, minor_units: int, currency: Currency, text: str
    ) -> None:
        assert format_amount(minor_units, currency) == text


class TestParseAmount:
    @given(AMOUNTS, st.sampled_from(Currency))
    def test_reads_formatted_amounts(self, minor_units: int, currency: Currency) -> None:
        assert parse_amount(format_amount(minor_units, currency), currency) == minor_units

    @given(AMOUNTS, st.sampled_from(Currency))
    def test_reads_negative_amounts_if_signed(self, units: int, currency: Currency) -> None:
        assert parse_amount(format_amount(-units, currency), currency, signed=True) == -units

    @pytest.mark.parametrize(("text", "minor_units"), [("7", 700), ("7.5", 750), ("007.50", 750)])
    def test_fills_missing_decimals(self, text: str, minor_units: int) -> None:
        assert parse_amount(text, Currency.TRY) == minor_units

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ".",
            "1.",
            ".5",
            "1,5",
            "1e3",
            "+1",
            " 1",
            "1\n",
            "0x1",
            "NaN",
            "1_000",
            "\u0661",
            "--1",
        ],
    )
    def test_refuses_what_is_not_a_plain_decimal(self, text: str) -> None:
        with pytest.raises(InvalidAmount) as refusal:
            parse_amount(text, Currency.TRY, signed=True)

        assert refusal.value.code == "invalid_amount"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("-1.00", "negative_amount"),
            ("1.000", "too_many_decimals"),
            ("1234567890123", "too_many_digits"),
        ],
    )
    def test_has_a_code_for_each_fault_of_a_decimal(self, text: str, code: str) -> None:
        with pytest.raises(InvalidAmount) as refusal:
            parse_amount(text, Currency.TRY)

        assert refusal.value.code == code

    def test_never_echoes_the_text(self) -> None:
        with pytest.raises(InvalidAmount) as refusal:
            parse_amount("secret", Currency.TRY)

        assert "secret" not in refusal.value.message


class TestRates:
    @given(st.integers(0, 10**6))
    def test_are_hundredths_of_a_percent(self, hundredths: int) -> None:
        assert parse_rate(format_rate(hundredths)) == hundredths

    def test_have_two_decimals(self) -> None:
        assert format_rate(1800) == "18.00"

    def test_can_not_be_negative(self) -> None:
        with pytest.raises(InvalidAmount, match="negative"):
            parse_rate("-1.00")


class TestSplit:
    @pytest.mark.parametrize(
        ("total", "weights", "parts"),
        [
            (4, [1, 2], [1, 3]),
            (4, [2, 1], [3, 1]),
            (100, [1, 1, 1], [34, 33, 33]),
            (5, [0, 3, 3, 1], [0, 2, 2, 1]),
            (0, [], []),
        ],
    )
    def test_is_by_largest_remainder_and_ties_go_to_the_earlier_part(
        self, total: int, weights: list[int], parts: list[int]
    ) -> None:
        assert split(total, weights) == parts

    @given(st.integers(0, 10**12), WEIGHTS.filter(any))
    def test_the_parts_add_up(self, total: int, weights: list[int]) -> None:
        assert sum(split(total, weights)) == total

    @given(st.integers(0, 10**12), WEIGHTS.filter(any))
    def test_every_part_is_within_a_unit_of_its_exact_share(
        self, total: int, weights: list[int]
    ) -> None:
        parts = split(total, weights)

        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * sum(weights) - total * weight) < sum(weights)

    @given(WEIGHTS.filter(any), st.data())
    def test_no_part_of_at_most_the_whole_exceeds_its_weight(
        self, weights: list[int], data: st.DataObject
    ) -> None:
        total = data.draw(st.integers(0, sum(weights)))

        assert all(
            part <= weight for part, weight in zip(split(total, weights), weights, strict=True)
        )

    def test_remaining_units_go_to_the_largest_remainders(self) -> None:
        assert split(100, [1, 1, 4]) == [17, 17, 66]

    def test_equal_remainders_favour_the_earlier(self) -> None:
        assert split(2, [1, 1, 1]) == [1, 1, 0]

    def test_zero_can_be_split_by_weights_of_zero(self) -> None:
        assert split(0, [0, 0]) == [0, 0]

    @pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, [-1, 2]), (1, [0]), (1, [])])
    def test_refuses_negative_values_and_totals_without_weights(
        self, total: int, weights: list[int]
    ) -> None:
        with pytest.raises(ValueError, match=r"negative|nothing to share"):
            split(total, weights)
