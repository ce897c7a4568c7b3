import pytest

from handlers.adapters.plain_text import one_line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Çay, 2 × 100 g", "Çay, 2 × 100 g"),
        ("a\r\nBcc: b", "a Bcc: b"),
        ("a\x00\x1b[2J\x7f\x85b", "a [2J b"),
        ("a\u2028b\u202egnp.exe", "a b gnp.exe"),
        ("\ud800a ", "a"),
        ("", ""),
    ],
)
def test_control_characters_become_spaces(text: str, expected: str) -> None:
    assert one_line(text) == expected
