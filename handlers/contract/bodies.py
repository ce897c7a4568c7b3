"""Request bodies: media type, decoding, judging and loading."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from urllib.parse import parse_qsl

import orjson
from jsonschema_rs import Draft202012Validator
from marshmallow import Schema, ValidationError

from domain.errors import InvalidInput
from handlers.contract.messages import (
    BODY_REQUIRED,
    CONTENT_TYPE_REQUIRED,
    GIVEN_TWICE,
    MALFORMED_BODY,
)
from handlers.contract.misfits import as_refusal, misfits
from handlers.contract.refusals import UnsupportedMediaType

FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


def _json(raw: bytes, _known: Collection[str]) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise InvalidInput(MALFORMED_BODY, code="malformed_body") from None


def _form(raw: bytes, known: Collection[str]) -> dict[str, str]:
    """The fields of a form; a known one given twice has no one meaning and is refused.

    Fields that nobody looks at may be lists, which forms write like this.
    """
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise InvalidInput(MALFORMED_BODY, code="malformed_body") from None
    given = Counter(name for name, _ in pairs)
    if any(given[name] > 1 for name in known):
        raise InvalidInput(GIVEN_TWICE, code="malformed_body")
    return dict(pairs)


Decoder = Callable[[bytes, Collection[str]], Any]

_DECODERS: dict[str, Decoder] = {_JSON: _json, FORM: _form}


def media_type_of(content_type: str) -> str:
    """The media type alone, in lower case: `APPLICATION/JSON; charset=utf-8` is JSON, too."""
    return content_type.partition(";")[0].strip().lower()


class ContentType(Enum):
    """What an operation asks of the Content-Type header, whether a body comes with it or not."""

    ANY = auto()
    JSON = auto()
    JSON_OR_NONE = auto()

    def check(self, content_type: str) -> None:
        """Raises UnsupportedMediaType."""
        if self is ContentType.ANY or (self is ContentType.JSON_OR_NONE and not content_type):
            return
        if media_type_of(content_type) != _JSON:
            raise UnsupportedMediaType(CONTENT_TYPE_REQUIRED)


@dataclass(frozen=True)
class Form:
    """How a body of one media type is judged and loaded."""

    decode: Decoder
    validator: Draft202012Validator
    schema: Schema

    def load(self, raw: bytes) -> Any:
        """The handler's body. Raises InvalidInput, with every field that does not fit."""
        document = self.decode(raw, self.schema.fields)
        self._judge(document)
        try:
            return self.schema.load(document)
        except ValidationError as error:
            raise as_refusal(_sentences(error.messages_dict)) from None

    def _judge(self, document: Any) -> None:
        try:
            fault = None if self.validator.is_valid(document) else misfits(self.validator, document)
        except ValueError:  # nested deeper than the validator goes, which is 255 levels
            fault = InvalidInput(MALFORMED_BODY, code="malformed_body")
        if fault:
            raise fault


def _sentences(
    messages: Mapping[Any, Any], below: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], InvalidInput]]:
    """Where marshmallow could not convert a value that fits, and what it says of it."""
    for name, told in messages.items():
        path = (*below, str(name))
        if isinstance(told, Mapping):
            yield from _sentences(told, path)
        else:
            yield path, InvalidInput(told[0])


class Body:
    """The request body of one operation, in each media type that it may come in."""

    def __init__(self, forms: Mapping[str, Form], *, required: bool) -> None:
        self._forms = dict(forms)
        self._required = required

    def check_media_type(self, content_type: str, length: int) -> None:
        """Raises UnsupportedMediaType, also for a body without a Content-Type."""
        if (length or self._required) and media_type_of(content_type) not in self._forms:
            raise UnsupportedMediaType

    def read(self, raw: bytes, content_type: str) -> Any:
        """The loaded body, or None where an optional one is empty. Raises InvalidInput."""
        if raw:
            return self._forms[media_type_of(content_type)].load(raw)
        if self._required:
            raise InvalidInput(BODY_REQUIRED, code="body_required")
        return None


def compile_form(media_type: str, validator: Draft202012Validator, schema: Schema) -> Form:
    """Raises ValueError for a media type that this engine does not decode."""
    if media_type not in _DECODERS:
        raise ValueError(f"a request body of type {media_type} is not supported")
    return Form(_DECODERS[media_type], validator, schema)
