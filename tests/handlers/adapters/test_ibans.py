import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.adapters.ibans import compact_iban


class TestCompactIban:
    @pytest.mark.parametrize(
        ("text", "compact"),
        [
            ("TR330006100519786457841326", "TR330006100519786457841326"),
            ("tr33 0006 1005 1978 6457 8413 26", "TR330006100519786457841326"),
            ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
            ("GB29-NWBK-6016-1331-9268-19", "GB29NWBK60161331926819"),
        ],
    )
    def test_removes_separators_and_converts_to_capitals(self, text: str, compact: str) -> None:
        assert compact_iban(text) == compact

    @pytest.mark.parametrize(
        "text",
        [
            "TR330006100519786457841327",
            "TR33000610051978645784132",
            "XX330006100519786457841326",
            "TR",
            "",
            "\u0000",
            "\ud800",
        ],
        ids=ascii,
    )
    def test_is_none_for_an_invalid_iban(self, text: str) -> None:
        assert compact_iban(text) is None

    @given(st.text(max_size=42))
    def test_raises_no_error_and_returns_ascii(self, text: str) -> None:
        assert (compact_iban(text) or "").isascii()
