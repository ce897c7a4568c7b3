"""Request bodies: media type, judging and loading; they were decoded at the edge."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from jsonschema_rs import Draft202012Validator
from marshmallow import Schema, ValidationError

from domain.errors import InvalidInput
from handlers.contract.media_types import FORM, JSON, media_type_of
from handlers.contract.messages import (
    BODY_REQUIRED,
    CONTENT_TYPE_REQUIRED,
    GIVEN_TWICE,
)
from handlers.contract.misfits import as_refusal, misfits
from handlers.contract.refusals import UnsupportedMediaType
from handlers.edge.content import Content


def _value(document: Any, _known: Collection[str]) -> Any:
    return document


def _fields(pairs: list[tuple[str, str]], known: Collection[str]) -> dict[str, str]:
    """The fields of a form; a known one given twice has no one meaning and is refused.

    Fields that nobody looks at may be lists, which forms write like this.
    """
    given = Counter(name for name, _ in pairs)
    if any(given[name] > 1 for name in known):
        raise InvalidInput(GIVEN_TWICE, code="malformed_body")
    return dict(pairs)


Reader = Callable[[Any, Collection[str]], Any]

_READERS: dict[str, Reader] = {JSON: _value, FORM: _fields}


class ContentType(Enum):
    """What an operation asks of the Content-Type header, whether a body comes with it or not."""

    ANY = auto()
    JSON = auto()
    JSON_OR_NONE = auto()

    def check(self, content_type: str) -> None:
        """Raises UnsupportedMediaType."""
        if self is ContentType.ANY or (self is ContentType.JSON_OR_NONE and not content_type):
            return
        if media_type_of(content_type) != JSON:
            raise UnsupportedMediaType(CONTENT_TYPE_REQUIRED)


@dataclass(frozen=True)
class Form:
    """How a body of one media type is judged and loaded."""

    read: Reader
    validator: Draft202012Validator
    schema: Schema

    def load(self, decoded: Any) -> Any:
        """The handler's body. Raises InvalidInput, with every field that does not fit."""
        document = self.read(decoded, self.schema.fields)
        self._judge(document)
        try:
            return self.schema.load(document)
        except ValidationError as error:
            raise as_refusal(_sentences(error.messages_dict)) from None

    def _judge(self, document: Any) -> None:
        if not self.validator.is_valid(document):
            raise misfits(self.validator, document)


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

    def has_field(self, name: str) -> bool:
        """Whether a body of any media type may have this field."""
        return any(name in form.schema.fields for form in self._forms.values())

    def read(self, content: Content) -> Any:
        """The loaded body, or None where an optional one is empty.

        Raises UnsupportedMediaType, also for a body without a Content-Type, and InvalidInput.
        """
        if content.is_empty and not self._required:
            return None
        form = self._forms.get(content.media_type)
        if form is None:
            raise UnsupportedMediaType
        if content.is_empty:
            raise InvalidInput(BODY_REQUIRED, code="body_required")
        return form.load(content.read())


def compile_form(media_type: str, validator: Draft202012Validator, schema: Schema) -> Form:
    """Raises ValueError for a media type that this engine does not read."""
    if media_type not in _READERS:
        raise ValueError(f"a request body of type {media_type} is not supported")
    return Form(_READERS[media_type], validator, schema)
