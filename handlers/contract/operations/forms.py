"""The fields of a form, text or files, as the object that a schema describes."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser
from werkzeug.http import parse_options_header

from domain.shared.errors import InvalidInput
from handlers.contract.operations.schema_types import ANY_TYPE, COMPOUND, SchemaTypes
from handlers.contract.operations.styles import Repeated, Style, compile_reading
from handlers.contract.operations.text_values import first
from handlers.http.errors import ContentTooLarge
from handlers.http.messages import MALFORMED_BODY, REPEATED
from handlers.http.strict_json import decode_json

MAX_PARTS = 1000


@dataclass(frozen=True)
class Upload:
    """A file of a form; its name and type are the client's, and not checked."""

    filename: str
    media_type: str
    content: bytes

    @property
    def text(self) -> str:
        """Its value for schemas: a string with one character per byte."""
        return self.content.decode("latin-1")


Value = str | Upload
FormPairs = list[tuple[str, Value]]
_ReadField = Callable[[list[Value]], Any]


class FormFields:
    """Reads the fields of one media type by the properties of its schema.

    Other fields stay as they are; of a repeated field the last one counts. ``encoding``: Encoding
    Objects by property. Raises ValueError for a property that can't be in a form.
    """

    def __init__(self, schema: Any, encoding: Mapping[str, Any], types: SchemaTypes) -> None:
        self._fields = {
            name: _compile_field(name, property_schema, encoding.get(name, {}), types)
            for name, property_schema in types.properties(schema).items()
        }
        self.names = frozenset(self._fields)

    def read(self, pairs: FormPairs) -> dict[str, Any]:
        """The object. Raises InvalidInput for a repeated field that is no array."""
        document: dict[str, Any] = dict(pairs)
        counts = Counter(name for name, _ in pairs)
        for name in self.names & counts.keys():
            values = [value for field, value in pairs if field == name]
            try:
                document[name] = self._fields[name](values)
            except Repeated:
                raise InvalidInput(REPEATED, code="malformed_body") from None
            except ValueError:
                document[name] = values[-1]  # its schema refuses it
        return document


def _compile_field(
    name: str, schema: Any, encoding: Mapping[str, Any], types: SchemaTypes
) -> _ReadField:
    possible = types.of(schema)
    if "style" in encoding or "explode" in encoding:
        return _styled_field(name, schema, encoding, types)
    if possible == ANY_TYPE or not possible & COMPOUND:
        return lambda values: _converted(_only(name, values), first(possible - COMPOUND))
    if possible & COMPOUND == {"array"}:
        items = types.of(types.items(schema))
        read_item = first(items - COMPOUND) if items - COMPOUND else _json
        return lambda values: [_converted(value, read_item) for value in values]
    return lambda values: _converted(_only(name, values), _json)


def _styled_field(
    name: str, schema: Any, encoding: Mapping[str, Any], types: SchemaTypes
) -> _ReadField:
    style = encoding.get("style", "form")
    reading = compile_reading(
        Style("query", name, style, encoding.get("explode", style == "form")), schema, types
    )
    if reading.has_other_names:
        raise ValueError("an object of a form is not supported in a style that spreads it")

    def read(values: list[Value]) -> Any:
        texts = [(name, value) for value in values if isinstance(value, str)]
        return reading.read(texts, lambda _value: True) if len(texts) == len(values) else values[-1]

    return read


def _only(name: str, values: list[Value]) -> Value:
    if len(values) > 1:
        raise Repeated(name)
    return values[0]


def _converted(value: Value, read: Callable[[str], Any]) -> Any:
    return read(value) if isinstance(value, str) else value


def _json(text: str) -> Any:
    return decode_json(text.encode())


def schema_value(value: Any) -> Any:
    """The value as schemas validate it: files are strings."""
    if isinstance(value, Upload):
        return value.text
    if isinstance(value, list):
        return [schema_value(item) for item in value]
    if isinstance(value, dict):
        return {name: schema_value(member) for name, member in value.items()}
    return value


def decode_multipart(raw: bytes, content_type: str) -> FormPairs:
    """The parts of a `multipart/form-data` body in their order (RFC 7578).

    Raises InvalidInput where it is malformed or a part has no name, and ContentTooLarge for more
    than MAX_PARTS.
    """
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    try:
        parser = MultiPartParser(max_form_memory_size=len(raw) + 1, max_form_parts=MAX_PARTS)
        fields, files = parser.parse(BytesIO(raw), boundary.encode(), len(raw))
    except ValueError:
        raise InvalidInput(MALFORMED_BODY, code="malformed_body") from None
    except RequestEntityTooLarge:
        raise ContentTooLarge from None
    pairs: FormPairs = list(fields.items(multi=True))
    for name, file in files.items(multi=True):
        pairs.append((name, Upload(file.filename or "", file.mimetype, file.read())))
        file.close()
    if any(name is None for name, _ in pairs) or any(
        "\0" in value for _, value in pairs if isinstance(value, str)
    ):
        raise InvalidInput(MALFORMED_BODY, code="malformed_body")
    return pairs
