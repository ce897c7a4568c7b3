"""Query, path and header parameters of an operation: decoded, judged and converted.

What the query holds besides is passed over, or refused where the operation is strict. Only the
forms that the contract uses are understood (style `form` and `simple` with one primitive value);
any other stops the start.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote_to_bytes

from jsonschema_rs import Draft202012Validator
from werkzeug.datastructures import Headers

from domain.errors import InvalidInput, NotFound
from handlers.contract.conversion import converter
from handlers.contract.messages import (
    GIVEN_TWICE,
    REQUIRED,
    UNKNOWN_PARAMETER,
    WRONG_ENCODING,
    refusal,
    type_message,
)

_INTEGER = re.compile(r"-?[0-9]+", re.ASCII)
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
_INT64_DIGITS = 19


def _integer(text: str) -> int:
    """The integer in ``text``; one of more than 19 digits becomes ±2⁶³, which is past every id
    and every page, because int() refuses very long texts and databases refuse wide integers."""
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    digits = text.lstrip("-0") or "0"
    size = 2**63 if len(digits) > _INT64_DIGITS else int(digits)
    return -size if text.startswith("-") else size


def _boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text]
    except KeyError:
        raise ValueError(text) from None


_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "integer": _integer,
    "boolean": _boolean,
    "string": str,
}
_ALIAS_OF = "x-alias-of"
_WHITE_SPACE = " \t\r\n"  # JSON's
# Comparing takes the product of the lengths, and a query may hold 8 KiB.
_LONGEST_NAME = 64
_STYLES = {"query": "form", "path": "simple", "header": "simple"}


@dataclass(frozen=True)
class Parameter:
    """One parameter of one operation, compiled.

    ``alias_of``: the handler gets its value by that parameter's name. The contract says so by
    `x-alias-of`, as OpenAPI has no word for it. ``is_trimmed``: white space around the text is no
    part of it.
    """

    name: str
    alias_of: str | None
    place: str
    required: bool
    default: Any
    json_type: str
    is_trimmed: bool
    validator: Draft202012Validator
    convert: Callable[[Any], Any]

    @property
    def key(self) -> str:
        """The name by which the handler gets the value."""
        return self.alias_of or self.name

    def read(self, text: str) -> Any:
        """The handler's value for ``text``.

        Raises InvalidInput on the parameter, or NotFound where the path itself names no resource.
        """
        if self.is_trimmed:
            text = text.strip(_WHITE_SPACE)
        try:
            value = _FROM_TEXT[self.json_type](text)
        except ValueError:
            raise self._refused(
                InvalidInput(type_message(self.json_type), field=self.name)
            ) from None
        if not self.validator.is_valid(value):
            error = next(self.validator.iter_errors(value))
            raise self._refused(refusal(error, self.name))
        try:
            return self.convert(value)
        except ValueError as error:
            raise self._refused(InvalidInput(str(error), field=self.name)) from None

    def _refused(self, error: InvalidInput) -> InvalidInput | NotFound:
        return NotFound() if self.place == "path" else error


def compile_parameter(
    parameter: Mapping[str, Any],
    schema: Mapping[str, Any],
    validator: Draft202012Validator,
    *,
    trims_queries: bool = False,
) -> Parameter:
    """Compile one Parameter Object; ``schema`` is its schema with references resolved.

    ``trims_queries``: white space around a value of a query is dropped, unless it is free text.

    Raises ValueError when it is of a form that this engine does not read.
    """
    style = _STYLES.get(parameter["in"])
    if style is None or parameter.get("style", style) != style:
        raise ValueError("a parameter of this place and style is not supported")
    json_type = _type_of(schema)
    if json_type not in _FROM_TEXT:
        raise ValueError("a parameter needs `type`: integer, boolean or string")
    return Parameter(
        name=parameter["name"],
        alias_of=parameter.get(_ALIAS_OF),
        place=parameter["in"],
        required=parameter.get("required", False),
        default=schema.get("default"),
        json_type=json_type,
        is_trimmed=trims_queries and parameter["in"] == "query" and not _is_free_text(schema),
        validator=validator,
        convert=converter(schema),
    )


def _type_of(schema: Mapping[str, Any]) -> str | None:
    """The one type, which stands at the top; None where several are allowed or none is named."""
    named = schema.get("type")
    return named if isinstance(named, str) else None


def _is_free_text(schema: Mapping[str, Any]) -> bool:
    return schema["type"] == "string" and not schema.keys() & {"enum", "format"}


class Parameters:
    """All parameters of one operation.

    ``is_strict``: a query with a parameter that the operation does not have is refused. An alias
    may not stand beside what it stands for.

    Raises ValueError for an alias of no parameter of the query.
    """

    def __init__(self, parameters: list[Parameter], *, is_strict: bool = False) -> None:
        self._query = {each.name: each for each in parameters if each.place == "query"}
        self._path = {each.name: each for each in parameters if each.place == "path"}
        self._headers = [each for each in parameters if each.place == "header"]
        self._is_strict = is_strict
        self._defaults = {
            each.name: each.default for each in self._query.values() if each.default is not None
        }
        self._required = [each.name for each in self._query.values() if each.required]
        self.path_names = frozenset(self._path)
        self.query_names = frozenset(each.key for each in self._query.values())
        self.names = self.query_names | self.path_names
        _check_aliases(self._query)

    def read(
        self, path: Mapping[str, str], query: bytes, headers: Headers | Mapping[str, str]
    ) -> dict[str, Any]:
        """The handler's keyword arguments; an absent parameter is left to the handler's default,
        unless the contract has one.

        Raises InvalidInput with the field for the first parameter that does not fit.
        """
        values = dict(self._defaults)
        if query:
            values |= self._read_query(query)
        for name in self._required:
            if name not in values:
                raise InvalidInput(REQUIRED, field=name)
        for header in self._headers:
            if (text := headers.get(header.name)) is not None:
                header.read(text)
            elif header.required:
                raise InvalidInput(REQUIRED, field=header.name)
        for name, text in path.items():
            values[name] = self._path[name].read(text)
        return values

    def _read_query(self, query: bytes) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for pair in filter(None, query.split(b"&")):
            raw_name, _, raw_value = pair.partition(b"=")
            parameter = self._known(raw_name)
            if parameter is None:
                continue  # clients append cache-busters and format=json
            if parameter.key in found:
                raise InvalidInput(GIVEN_TWICE, field=parameter.name)
            found[parameter.key] = parameter.read(_decode(raw_value, parameter.name))
        return found

    def _known(self, raw_name: bytes) -> Parameter | None:
        name = unquote_to_bytes(raw_name.replace(b"+", b" ")).decode("utf-8", "replace")
        if name not in self._query and self._is_strict:
            raise self._unknown(name)
        return self._query.get(name)

    def _unknown(self, name: str) -> InvalidInput:
        """The refusal of a parameter that is not there; it never holds the name, which may be
        personal, but the nearest that is."""
        known = sorted(self.query_names)
        nearest = get_close_matches(name[:_LONGEST_NAME], known, n=1, cutoff=0)
        return InvalidInput(
            UNKNOWN_PARAMETER,
            code="unknown_parameter",
            params={"nearest": nearest[0] if nearest else "-"},
        )


def _check_aliases(query: Mapping[str, Parameter]) -> None:
    for each in query.values():
        if each.alias_of and query.get(each.alias_of, each).alias_of:
            raise ValueError(f"{each.name} is an alias of {each.alias_of}, which is no parameter")


def _decode(raw: bytes, field: str) -> str:
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput(WRONG_ENCODING, field=field) from None
