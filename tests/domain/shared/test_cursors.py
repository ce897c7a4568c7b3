import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import pytest

from domain.shared.cursors import Cursor, SortValue, decode_cursor, encode_cursor
from domain.shared.errors import InvalidInput
from tests.support.builders import NOW


def written(*values: object) -> str:
    return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


class TestCursor:
    @pytest.mark.parametrize(
        "value", [None, 5, "Ğ/%", "ı" * 200, "😀" * 200, NOW, datetime(1, 1, 1, tzinfo=UTC)]
    )
    def test_decodes_to_the_encoded_value(self, value: SortValue) -> None:
        cursor = Cursor(value, 7)

        assert decode_cursor(encode_cursor(cursor, "-amount"), "-amount") == cursor

    @pytest.mark.parametrize(
        "text",
        [
            "!",
            "ğ",
            "AAAAA",
            written("-amount", False, 5, 7)[:-2],
            written("amount", False, 5, 7),
            written("-amount", False, 5),
            written("-amount", False, 5, "7"),
            written("-amount", False, 5, 0),
            written("-amount", False, 5, 2**63),
            written("-amount", False, 2**63, 7),
            written("-amount", False, 1.5, 7),
            written("-amount", False, [1], 7),
            written("-amount", False, "\0", 7),
            written("-amount", False, "\ud800", 7),
            written("-amount", True, "2026-03-01T12:00:00", 7),
            written("-amount", True, 5, 7),
            written("-amount", False, "9" * 4000, 7),
            urlsafe_b64encode(b"[" * 3000).decode(),
        ],
    )
    def test_refuses_any_other_text(self, text: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            decode_cursor(text, "-amount")

        assert (refused.value.field, refused.value.code) == ("cursor", "invalid_cursor")
