"""Request bodies: media type, validation and loading; the edge has decoded JSON and forms."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from jsonschema_rs import Draft202012Validator
from marshmallow import Schema, ValidationError

from domain.shared.errors import InvalidInput
from handlers.contract.operations.forms import FormFields, decode_multipart, schema_value
from handlers.contract.operations.schema_types import SchemaTypes
from handlers.contract.operations.validation_errors import combine_errors, describe_errors
from handlers.http.errors import UnsupportedMediaType
from handlers.http.media_types import (
    FORM,
    JSON,
    MULTIPART,
    entry_for,
    is_json,
    is_text,
    media_type_of,
)
from handlers.http.messages import BODY_REQUIRED, CONTENT_TYPE_REQUIRED, WRONG_ENCODING
from handlers.http.request_body import Content

_SCHEMAS = "#/components/schemas/"


class ContentType(Enum):
    """The Content-Type header that an operation needs, with or without a body."""

    ANY = auto()
    JSON = auto()
    JSON_OR_NONE = auto()

    def check(self, content_type: str) -> None:
        """Raises UnsupportedMediaType."""
        if self is ContentType.ANY or (self is ContentType.JSON_OR_NONE and not content_type):
            return
        if media_type_of(content_type) != JSON:
            raise UnsupportedMediaType(CONTENT_TYPE_REQUIRED)


Load = Callable[[Any], Any]
Decode = Callable[[Any, str], Any]


@dataclass(frozen=True)
class Form:
    """How a body of one media type is decoded, validated and loaded.

    ``decode`` takes the content as the edge decoded it, and the Content-Type. ``fields`` are the
    property names of its schema. ``schema`` loads the valid value; without one, handlers get the
    value itself. ``schema_value`` gives the value to validate.
    """

    decode: Decode
    validator: Draft202012Validator | None
    fields: Collection[str] = frozenset()
    schema: Schema | None = None
    schema_value: Load = field(default=lambda value: value)

    def load(self, decoded: Any, content_type: str = "") -> Any:
        """The body for the handler. Raises InvalidInput with every invalid field."""
        document = self.decode(decoded, content_type)
        if self.validator is not None:
            self._validate(self.schema_value(document), self.validator)
        if self.schema is None:
            return document
        try:
            return self.schema.load(document)
        except ValidationError as error:
            raise combine_errors(_sentences(error.messages_dict)) from None

    @staticmethod
    def _validate(document: Any, validator: Draft202012Validator) -> None:
        if not validator.is_valid(document):
            raise describe_errors(validator, document)


def _sentences(
    messages: Mapping[Any, Any], below: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], InvalidInput]]:
    """The paths of valid values that marshmallow could not convert, with its message."""
    for name, message in messages.items():
        path = (*below, str(name))
        if isinstance(message, Mapping):
            yield from _sentences(message, path)
        else:
            yield path, InvalidInput(message[0])


class Body:
    """The request body of one operation, in all its media types."""

    def __init__(self, forms: Mapping[str, Form], *, required: bool) -> None:
        self._forms = dict(forms)
        self._required = required

    def has_field(self, name: str) -> bool:
        """Whether a body of any media type may have this field."""
        return any(name in form.fields for form in self._forms.values())

    def read(self, content: Content) -> Any:
        """The loaded body, or None where an optional one is empty.

        Raises UnsupportedMediaType, also for a body without a Content-Type, and InvalidInput.
        """
        if content.is_empty and not self._required:
            return None
        form = self._forms.get(content.media_type) or self._of_range(content.media_type)
        if form is None:
            raise UnsupportedMediaType
        if content.is_empty:
            raise InvalidInput(BODY_REQUIRED, code="body_required")
        return form.load(content.read(), content.content_type)

    def _of_range(self, media_type: str) -> Form | None:
        entry = entry_for(media_type, self._forms)
        return self._forms[entry] if entry and media_type else None


class Bodies:
    """Compiles Media Type Objects to Forms.

    ``schema_for`` returns the marshmallow schema that loads a component; None where handlers get
    its bodies unconverted.
    """

    def __init__(
        self, types: SchemaTypes, schema_for: Callable[[str], Schema | None] | None = None
    ) -> None:
        self._types = types
        self._schema_for = schema_for or (lambda _component: None)

    def compile(
        self, media_type: str, content: Mapping[str, Any], validator: Draft202012Validator | None
    ) -> Form:
        """Raises ValueError for what this engine does not read."""
        spec = content.get("schema", {})
        schema = self._schema_for(component) if (component := component_of(spec)) else None
        names = frozenset(self._types.properties(spec) if schema is None else schema.fields)
        if is_json(media_type):
            return Form(_as_decoded, validator, names, schema)
        if media_type in (FORM, MULTIPART):
            fields = FormFields(spec, content.get("encoding", {}), self._types)
            read = _fields_of(fields) if media_type == FORM else _parts_of(fields)
            return Form(read, validator, names, schema, schema_value)
        if self._types.is_free(spec):
            return Form(_as_text if is_text(media_type) else _as_decoded, None)
        if is_text(media_type):
            return Form(_as_text, validator)
        raise ValueError(f"a schema for {media_type} is not supported, since it is not decoded")


def component_of(schema: Any) -> str | None:
    """The name of the component that a schema is a reference to."""
    reference: str = schema.get("$ref", "") if isinstance(schema, Mapping) else ""
    return reference.removeprefix(_SCHEMAS) if reference.startswith(_SCHEMAS) else None


def _as_decoded(decoded: Any, _content_type: str) -> Any:
    return decoded


def _as_text(raw: bytes, _content_type: str) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise InvalidInput(WRONG_ENCODING, code="malformed_body") from None


def _fields_of(fields: FormFields) -> Decode:
    return lambda pairs, _content_type: fields.read(pairs)


def _parts_of(fields: FormFields) -> Decode:
    return lambda raw, content_type: fields.read(decode_multipart(raw, content_type))
