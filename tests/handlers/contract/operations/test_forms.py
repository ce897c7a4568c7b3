from typing import Any

import pytest

from domain.shared.errors import InvalidInput
from handlers.contract.operations.forms import (
    MAX_PARTS,
    FormFields,
    Upload,
    decode_multipart,
    schema_value,
)
from handlers.contract.operations.schema_types import SchemaTypes
from handlers.http.errors import ContentTooLarge

SCHEMA = {
    "type": "object",
    "properties": {
        "size": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "integer"}},
        "rows": {"type": "array", "items": {"type": "object"}},
        "place": {"type": "object"},
        "file": {"type": "string", "format": "binary"},
    },
}
FILE = Upload("a.png", "image/png", b"\x89\xff")


def read(pairs: list[Any], encoding: dict[str, Any] | None = None) -> dict[str, Any]:
    return FormFields(SCHEMA, encoding or {}, SchemaTypes({})).read(pairs)


class TestFields:
    def test_are_values_of_their_types(self) -> None:
        pairs = [
            ("size", "1"),
            ("tags", "1"),
            ("tags", "2"),
            ("rows", "{}"),
            ("place", '{"a": 1}'),
            ("file", FILE),
            ("other", "x"),
        ]

        assert read(pairs) == {
            "size": 1,
            "tags": [1, 2],
            "rows": [{}],
            "place": {"a": 1},
            "file": FILE,
            "other": "x",
        }

    def test_that_are_invalid_stay_text(self) -> None:
        assert read([("size", "x"), ("place", "{")]) == {"size": "x", "place": "{"}

    def test_of_one_value_must_not_be_repeated(self) -> None:
        with pytest.raises(InvalidInput) as refusal:
            read([("size", "1"), ("size", "1")])

        assert refusal.value.code == "malformed_body"

    def test_are_read_in_the_style_of_their_encoding(self) -> None:
        encoding = {"tags": {"style": "pipeDelimited", "explode": False}}

        assert read([("tags", "1|2")], encoding) == {"tags": [1, 2]}
        assert read([("tags", FILE)], encoding) == {"tags": FILE}

    def test_with_objects_in_form_style_are_not_supported(self) -> None:
        with pytest.raises(ValueError, match="not supported in a style that spreads it"):
            read([], {"place": {"style": "form"}})


class TestMultipart:
    def decode(self, *parts: str, boundary: str = "x") -> Any:
        raw = "".join(f"--x\r\nContent-Disposition: form-data; {part}\r\n" for part in parts)
        return decode_multipart(
            f"{raw}--x--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
        )

    def test_has_fields_and_files(self) -> None:
        file = 'name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nbytes'

        found = self.decode('name="a"\r\n\r\n1', file)

        assert found == [("a", "1"), ("file", Upload("a.txt", "text/plain", b"bytes"))]

    # A quote after a backslash does not end the name.
    @pytest.mark.parametrize(
        "part",
        ["", 'name="a"\r\n\r\n\0', "\r\n\r\n1", 'name="a\\"\r\n\r\n1', 'filename="a"\r\n\r\n1'],
    )
    def test_that_is_malformed_is_refused(self, part: str) -> None:
        with pytest.raises(InvalidInput):
            self.decode(part)

    def test_of_too_many_parts_is_refused(self) -> None:
        parts = ['name="a"\r\n\r\n1'] * MAX_PARTS

        assert len(self.decode(*parts)) == MAX_PARTS
        with pytest.raises(ContentTooLarge):
            self.decode(*parts, *parts[:1])

    def test_without_its_boundary_is_refused(self) -> None:
        with pytest.raises(InvalidInput):
            self.decode('name="a"\r\n\r\n1', boundary="y")


def test_files_are_validated_as_strings_of_their_bytes() -> None:
    assert schema_value({"files": [FILE], "a": 1}) == {"files": ["\x89\xff"], "a": 1}
