"""From the text of a parameter, a header or a form field to a JSON value, by the schema's types."""

import re
from collections.abc import Callable, Collection
from math import isfinite
from typing import Any

_INTEGER = re.compile(r"-?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
_INT64_DIGITS = 19

FromText = Callable[[str], Any]


def integer(text: str) -> int:
    """The integer in ``text``. One of more than 19 digits becomes 2**63 or -2**63 - 1, beyond 64
    bits: int() refuses very long texts, and databases refuse wide integers.

    Raises ValueError.
    """
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    digits = text.lstrip("-0") or "0"
    is_wide, is_negative = len(digits) > _INT64_DIGITS, text.startswith("-")
    if is_wide:
        return -(2**63) - 1 if is_negative else 2**63
    return -int(digits) if is_negative else int(digits)


def boolean(text: str) -> bool:
    """Raises ValueError."""
    try:
        return _BOOLEANS[text]
    except KeyError:
        raise ValueError(text) from None


def _number(text: str) -> int | float:
    if _INTEGER.fullmatch(text):
        return integer(text)
    if not _NUMBER.fullmatch(text) or not isfinite(value := float(text)):
        raise ValueError(text)
    return value


def _null(text: str) -> None:
    if text not in {"", "null"}:
        raise ValueError(text)


FROM_TEXT: dict[str, FromText] = {"integer": integer, "boolean": boolean, "string": str}
# The narrowest first.
_READERS: list[tuple[str, FromText]] = [
    ("boolean", boolean),
    ("number", _number),
    ("integer", integer),
    ("null", _null),
    ("string", str),
]


def candidates(types: Collection[str]) -> Callable[[str], list[Any]]:
    """Reads a text as values of ``types``, the narrowest first.

    A text that is none of them stays text, which the schema then refuses.
    """
    readers = [read for name, read in _READERS if name in types]

    def read_all(text: str) -> list[Any]:
        values = []
        for read in readers:
            try:
                values.append(read(text))
            except ValueError:
                continue
        return values or [text]

    return read_all


def first(types: Collection[str]) -> FromText:
    """Reads a text as the narrowest of ``types`` that it fits."""
    read_all = candidates(types)
    return lambda text: read_all(text)[0]
