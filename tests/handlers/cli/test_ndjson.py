import io

import pytest

from domain.imports.parts import Rejected
from handlers.cli.ndjson import MAX_LINE_BYTES, Line, ParsedDocument, parse, read_lines


def line(raw: bytes) -> Line:
    return Line(1, len(raw), raw)


class TestReadLines:
    def test_numbers_lines_from_one(self) -> None:
        lines = list(read_lines(io.BytesIO(b"{}\n\n[]")))

        assert [(line.number, line.raw) for line in lines] == [(1, b"{}\n"), (2, b"\n"), (3, b"[]")]
        assert [line.is_blank for line in lines] == [False, True, False]

    def test_cuts_a_line_after_a_mebibyte(self) -> None:
        size = 3 * MAX_LINE_BYTES + 5
        first, second = read_lines(io.BytesIO(b"x" * size + b"\n{}\n"))

        assert (first.size, len(first.raw), first.is_whole) == (size + 1, MAX_LINE_BYTES + 1, False)
        assert (second.number, second.raw) == (2, b"{}\n")

    def test_reads_a_line_of_a_mebibyte(self) -> None:
        (only,) = read_lines(io.BytesIO(b"x" * MAX_LINE_BYTES + b"\n"))

        assert only.is_whole

    def test_decodes_invalid_utf8_for_display(self) -> None:
        assert line(b"caf\xe9\r\n").text == r"caf\xe9"


class TestParse:
    def test_the_hash_does_not_depend_on_the_order_of_keys(self) -> None:
        one, other = parse(line(b'{"a": 1, "b": [1.5]}')), parse(line(b'{"b":[1.5],"a":1}'))

        assert one == other == ParsedDocument.of({"a": 1, "b": [1.5]})
        assert parse(line(b'{"a": 2}')).document_hash != one.document_hash

    @pytest.mark.parametrize(
        ("raw", "message"),
        [
            (b'{"a": 1', "This is not JSON"),
            (b'{"a": "\x00"}', "This is not JSON"),
            (b"\xef\xbb\xbf{}", "This is not JSON"),
            (b'{"a": 1, "a": 2}', "A key stands twice"),
            (b'{"a": "\xff"}', "UTF-8"),
            (rb'{"a": "\ud800"}', "surrogates"),
            (rb'{"\udfff": 1}', "surrogates"),
            (rb'{"a": "\u0000"}', "NUL"),
            (rb'{"a": "\\\u0000"}', "NUL"),
            (b'{"a": NaN}', "not finite"),
            (b'{"a": -Infinity}', "not finite"),
            (b'{"a": 1e999}', "not finite"),
            (b'{"a": 18446744073709551616}', "64-bit"),
            (b'{"a": ' + b"9" * 5000 + b"}", "64-bit"),
            (b"[" * 300 + b"]" * 300, "can not be kept"),
            (b"[" * 100_000 + b"]" * 100_000, "too deep"),
        ],
    )
    def test_ambiguous_json_is_rejected(self, raw: bytes, message: str) -> None:
        with pytest.raises(Rejected) as caught:
            parse(line(raw))

        assert caught.value.pointer == ""
        assert message in caught.value.message

    def test_a_backslash_and_some_zeros_are_no_nul(self) -> None:
        assert parse(line(rb'{"a": "\\u0000"}')).document == {"a": r"\u0000"}

    def test_a_line_of_more_than_a_mebibyte_is_rejected(self) -> None:
        with pytest.raises(Rejected, match="1 MiB"):
            parse(Line(1, MAX_LINE_BYTES + 2, b"{}"))
