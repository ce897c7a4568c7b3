"""The messages for invalid values, by the JSON Schema keyword that fails."""

from typing import Any

from jsonschema_rs import ValidationError

from domain.shared.errors import InvalidInput

REQUIRED = "This field is required."
_BY_KEYWORD = {
    "required": REQUIRED,
    "maxLength": "Must be at most %(limit)s characters long.",
    "minLength": "Must be at least %(limit)s characters long.",
    "maximum": "Must be at most %(limit)s.",
    "minimum": "Must be at least %(limit)s.",
    "maxItems": "Must have at most %(limit)s items.",
    "minItems": "Must have at least %(limit)s items.",
    "enum": "This is not a valid choice.",
    "additionalProperties": "This field is not known.",
}
_OF_ONE = {
    "maxLength": "Must be at most 1 character long.",
    "minLength": "Must be at least 1 character long.",
    "maxItems": "Must have at most 1 item.",
    "minItems": "Must have at least 1 item.",
}
_BY_TYPE = {
    "integer": "A valid integer is required.",
    "boolean": "A valid boolean is required.",
    "string": "A valid string is required.",
    "object": "A valid object is required.",
    "array": "A valid list is required.",
}
_BY_FORMAT = {
    "date": "Enter a valid date.",
    "date-time": "Enter a valid date and time.",
    "email": "Enter a valid e-mail address.",
    "uuid": "Enter a valid UUID.",
    "json": "Enter valid JSON.",
}
_OTHERWISE = "This value is not valid."
WRONG_ENCODING = "This value is not valid UTF-8."
UNKNOWN_PATH = "Not found. Did you mean %(nearest)s?"
UNKNOWN_PARAMETER = "There is no such parameter. Did you mean %(nearest)s?"
CONTENT_TYPE_REQUIRED = "Send the header Content-Type: application/json."
REPEATED = "This parameter may be given only once."
MALFORMED_BODY = "The request body is malformed."
BODY_REQUIRED = "A request body is required."


def type_message(name: str) -> str:
    """The sentence for a value that is not of the JSON type ``name``."""
    return _BY_TYPE.get(name, _OTHERWISE)


def format_message(name: str) -> str:
    """The sentence for a text that is not in the format ``name``."""
    return _BY_FORMAT.get(name, _OTHERWISE)


def refusal(error: ValidationError, field: str | None) -> InvalidInput:
    """The refusal for ``field`` of one validation error, without the value.

    For a value that fits no alternative, it is the error of the first one.
    """
    kind: Any = error.kind  # its members depend on the kind
    if kind.name == "anyOf" and kind.context[0]:
        return refusal(kind.context[0][0], field)
    if kind.name == "type":
        message = type_message(
            next((type_name for type_name in kind.types if type_name != "null"), "")
        )
    elif kind.name == "format":
        message = format_message(kind.format)
    else:
        message = _BY_KEYWORD.get(kind.name, _OTHERWISE)
    limit = getattr(kind, "limit", None)
    if limit == 1:
        message = _OF_ONE.get(kind.name, message)
    return InvalidInput(message, field=field, params={"limit": limit})
