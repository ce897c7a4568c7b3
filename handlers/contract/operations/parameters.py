"""Parameters of an operation, in query, path, headers and cookies: decoded, validated, converted.

Other parameters of the query are ignored, or refused where the operation is strict. Primitive
values in the default style have a fast path; `styles` reads all others.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from keyword import iskeyword
from typing import Any
from urllib.parse import unquote_to_bytes

from jsonschema_rs import Draft202012Validator
from werkzeug.datastructures import Headers

from domain.shared.errors import InvalidInput, NotFound
from handlers.contract.operations.format_converters import converter
from handlers.contract.operations.schema_types import SchemaTypes
from handlers.contract.operations.styles import (
    DEFAULT_STYLES,
    Pairs,
    Reading,
    Repeated,
    compile_reading,
    style_of,
)
from handlers.contract.operations.text_values import FROM_TEXT
from handlers.http.messages import (
    REPEATED,
    REQUIRED,
    UNKNOWN_PARAMETER,
    WRONG_ENCODING,
    refusal,
    type_message,
)
from handlers.http.strict_json import decode_json

_ALIAS_OF = "x-alias-of"
_NO_COOKIES: Mapping[str, str] = {}
_WHITE_SPACE = " \t\r\n"  # JSON's
# Comparing takes the product of the lengths, and a query may have 8 KiB.
_LONGEST_NAME = 64
_JSON_CONTENT = "application/json"
# OpenAPI ignores header parameters of these names.
IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})


@dataclass(frozen=True)
class Parameter:
    """One parameter of one operation, compiled.

    ``alias_of``: the handler gets its value by that parameter's name, by the contract's
    `x-alias-of`. ``is_trimmed``: white space around the text is ignored.
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
        return key_of(self.alias_of or self.name)

    def read(self, text: str) -> Any:
        """The handler's value for ``text``.

        Raises InvalidInput on the parameter, or NotFound where the path itself names no resource.
        """
        if self.is_trimmed:
            text = text.strip(_WHITE_SPACE)
        try:
            value = FROM_TEXT[self.json_type](text)
        except ValueError:
            raise self._refused(
                InvalidInput(type_message(self.json_type), field=self.name)
            ) from None
        return self._validated(value)

    def _validated(self, value: Any) -> Any:
        if not self.validator.is_valid(value):
            error = next(self.validator.iter_errors(value))
            raise self._refused(refusal(error, self.name))
        try:
            return self.convert(value)
        except ValueError as error:
            raise self._refused(InvalidInput(str(error), field=self.name)) from None

    def _refused(self, error: InvalidInput) -> InvalidInput | NotFound:
        return NotFound() if self.place == "path" else error


@dataclass(frozen=True, eq=False)
class StyledParameter(Parameter):
    """A parameter that `styles` reads: an array, an object, or a value of several types."""

    reading: Reading

    def read(self, text: str) -> Any:
        return self.read_pairs([(self.name, text)])

    def read_pairs(self, pairs: Pairs) -> Any:
        """The handler's value for all pairs of this parameter; raises as ``read`` does."""
        try:
            value = self.reading.read(pairs, self.validator.is_valid)
        except Repeated:
            raise self._refused(InvalidInput(REPEATED, field=self.name)) from None
        except ValueError:
            raise self._refused(
                InvalidInput(type_message(self.json_type), field=self.name)
            ) from None
        return self._validated(value)


def key_of(name: str) -> str:
    """The name of a parameter in Python: `page_size` for `page[size]`, `class_` for `class`."""
    if name.isidentifier() and not iskeyword(name):
        return name
    plain = re.sub(r"\W+", "_", name).strip("_")
    return plain if plain.isidentifier() and not iskeyword(plain) else f"{plain}_"


def compile_parameter(
    parameter: Mapping[str, Any],
    schema: Mapping[str, Any],
    validator: Draft202012Validator,
    types: SchemaTypes | None = None,
    *,
    trims_queries: bool = False,
) -> Parameter:
    """Compile one Parameter Object; ``schema`` is its schema with references resolved.

    ``trims_queries``: white space around a value of a query is dropped, unless it is free text.

    Raises ValueError for a form that this engine does not support.
    """
    types = types or SchemaTypes({})
    place = parameter["in"]
    json_type = _type_of(schema)
    values = {
        "name": parameter["name"],
        "alias_of": parameter.get(_ALIAS_OF),
        "place": place,
        "required": parameter.get("required", False),
        "default": schema.get("default"),
        "is_trimmed": trims_queries and place == "query" and not _is_free_text(schema),
        "validator": validator,
        "convert": converter(schema),
    }
    if "content" in parameter:
        reading = _content_reading(parameter["content"])
    elif json_type in FROM_TEXT and parameter.get("style", "") in {"", DEFAULT_STYLES[place]}:
        return Parameter(json_type=json_type, **values)
    else:
        reading = compile_reading(style_of(parameter, place, parameter["name"]), schema, types)
    if parameter.get("allowEmptyValue") and json_type != "string":
        raise ValueError("allowEmptyValue is supported for `type: string` alone")
    return StyledParameter(json_type=reading.kind, reading=reading, **values)


def _content_reading(content: Mapping[str, Any]) -> Reading:
    if [*content] != [_JSON_CONTENT]:
        raise ValueError(f"the content of a parameter is {_JSON_CONTENT}, or not supported")

    def read(pairs: Pairs, _is_valid: Callable[[Any], bool]) -> Any:
        if len(pairs) > 1:
            raise Repeated(pairs[0][0])
        return decode_json(pairs[0][1].encode())

    return Reading(read, kind="json")


def _type_of(schema: Mapping[str, Any]) -> str:
    """The one type of the schema; empty where it has several or none."""
    named = schema.get("type")
    return named if isinstance(named, str) else ""


def _is_free_text(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "string" and not schema.keys() & {"enum", "format"}


class Parameters:
    """All parameters of one operation.

    ``is_strict``: a query with an unknown parameter is refused. An alias and its parameter exclude
    each other.

    Raises ValueError for an alias of no parameter of the query, and for two parameters with the
    same name for the handler.
    """

    def __init__(self, parameters: list[Parameter], *, is_strict: bool = False) -> None:
        self._query = {
            parameter.name: parameter for parameter in parameters if parameter.place == "query"
        }
        self._path = {
            parameter.key: parameter for parameter in parameters if parameter.place == "path"
        }
        self._headers = [parameter for parameter in parameters if parameter.place == "header"]
        self._cookies = [parameter for parameter in parameters if parameter.place == "cookie"]
        self._direct = {
            parameter.name: parameter
            for parameter in self._query.values()
            if not (isinstance(parameter, StyledParameter) and parameter.reading.has_other_names)
        }
        others = [
            parameter for parameter in self._query.values() if parameter.name not in self._direct
        ]
        self.reads_cookies = bool(self._cookies)
        # WSGI drops headers of such names.
        self.reads_raw_headers = any("_" in parameter.name for parameter in self._headers)
        self._spread = _Spread(others, self._direct) if others else None
        self._is_strict = is_strict
        self._defaults = {
            parameter.key: parameter.default
            for parameter in self._query.values()
            if parameter.default is not None
        }
        self._required = [parameter for parameter in self._query.values() if parameter.required]
        self._passed: frozenset[str] = frozenset()
        self.path_names = frozenset(parameter.name for parameter in self._path.values())
        self.query_names = frozenset(parameter.key for parameter in self._query.values())
        self.names = self.query_names | frozenset(self._path)
        self.header_names = frozenset(
            parameter.key for parameter in (*self._headers, *self._cookies)
        )
        _check_aliases(self._query)
        _check_keys(parameters)

    def pass_on(self, names: Collection[str]) -> None:
        """Give the handler the values of these headers and cookies as well, by their keys."""
        self._passed = self.header_names.intersection(names)

    def read(
        self,
        path: Mapping[str, str],
        query: bytes,
        headers: Headers | Mapping[str, str],
        cookies: Mapping[str, str] = _NO_COOKIES,
    ) -> dict[str, Any]:
        """The handler's keyword arguments; absent parameters have the default of the contract, else
        that of the handler.

        Raises InvalidInput with the field for the first invalid parameter.
        """
        values = dict(self._defaults)
        if query:
            values |= self._read_query(query)
        for parameter in self._required:
            if parameter.key not in values:
                raise InvalidInput(REQUIRED, field=parameter.name)
        self._read_fields(self._headers, headers, values)
        if self._cookies:
            self._read_fields(self._cookies, cookies, values)
        for name, text in path.items():
            values[name] = self._path[name].read(text)
        return values

    def _read_fields(
        self,
        parameters: list[Parameter],
        texts: Headers | Mapping[str, str],
        values: dict[str, Any],
    ) -> None:
        for parameter in parameters:
            if (text := texts.get(parameter.name)) is not None:
                value = parameter.read(text)
                if parameter.key in self._passed:
                    values[parameter.key] = value
            elif parameter.required:
                raise InvalidInput(REQUIRED, field=parameter.name)

    def _read_query(self, query: bytes) -> dict[str, Any]:
        values: dict[str, Any] = {}
        gathered: dict[StyledParameter, Pairs] = {}
        for pair in filter(None, query.split(b"&")):
            raw_name, _, raw_value = pair.partition(b"=")
            name = unquote_to_bytes(raw_name.replace(b"+", b" ")).decode("utf-8", "replace")
            parameter = self._direct.get(name) or self._other(name)
            if parameter is None:
                continue  # clients append cache-busters and format=json
            text = _decode(raw_value, parameter.name)
            if isinstance(parameter, StyledParameter):
                gathered.setdefault(parameter, []).append((name, text))
                continue
            if parameter.key in values:
                raise InvalidInput(REPEATED, field=parameter.name)
            values[parameter.key] = parameter.read(text)
        for styled, pairs in gathered.items():
            values[styled.key] = styled.read_pairs(pairs)
        return values

    def _other(self, name: str) -> Parameter | None:
        parameter = self._spread.find(name) if self._spread else None
        if parameter is None and self._is_strict:
            raise self._unknown(name)
        return parameter

    def _unknown(self, name: str) -> InvalidInput:
        """The refusal of an unknown parameter: with the nearest known name, and without its own,
        which may be personal."""
        known = sorted(self.query_names)
        nearest = get_close_matches(name[:_LONGEST_NAME], known, n=1, cutoff=0)
        return InvalidInput(
            UNKNOWN_PARAMETER,
            code="unknown_parameter",
            params={"nearest": nearest[0] if nearest else "-"},
        )


class _Spread:
    """The objects of a query, whose properties are parameters by themselves."""

    def __init__(self, objects: Iterable[Any], direct: Collection[str]) -> None:
        self._by_name = {
            name: parameter for parameter in objects for name in parameter.reading.names
        }
        self._by_prefix = {
            parameter.reading.prefix: parameter for parameter in objects if parameter.reading.prefix
        }
        catch_alls = [parameter for parameter in objects if parameter.reading.accepts_others]
        self._catch_all = catch_alls[0] if catch_alls else None
        named = [name for parameter in objects for name in parameter.reading.names]
        if len(catch_alls) > 1 or len(named) != len(self._by_name) or self._by_name.keys() & direct:
            raise ValueError("two parameters of the query would be written by the same name")

    def find(self, name: str) -> StyledParameter | None:
        """The object that a name in the query belongs to."""
        parameter = self._by_name.get(name) or self._by_prefix.get(name.partition("[")[0] + "[")
        return parameter or self._catch_all


def _check_keys(parameters: Iterable[Parameter]) -> None:
    keys = Counter(parameter.key for parameter in parameters if not parameter.alias_of)
    for key, count in keys.items():
        if count > 1:
            raise ValueError(f"two parameters would be handed over as {key}")


def _check_aliases(query: Mapping[str, Parameter]) -> None:
    for parameter in query.values():
        if parameter.alias_of and query.get(parameter.alias_of, parameter).alias_of:
            raise ValueError(
                f"{parameter.name} is an alias of {parameter.alias_of}, which is no parameter"
            )


def _decode(raw: bytes, field: str) -> str:
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput(WRONG_ENCODING, field=field) from None
