"""Strict newline-delimited JSON: rejects what two parsers could read differently."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from math import isfinite
from typing import IO, Any, Self

import orjson

from domain.imports.parts import Rejected
from handlers.http.messages import WRONG_ENCODING

MAX_LINE_BYTES = 1024 * 1024
_TOO_MANY_DIGITS = 30
# An escaped NUL. After an odd number of backslashes, it is an escaped backslash and text.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 1, its size in bytes, and at most its first MiB."""

    number: int
    size: int
    raw: bytes

    @property
    def is_blank(self) -> bool:
        return not self.raw.strip()

    @property
    def is_whole(self) -> bool:
        return len(self.raw) == self.size

    @property
    def text(self) -> str:
        """The line as text; bytes that are not UTF-8 become ``\\xNN``."""
        return self.raw.decode("utf-8", "backslashreplace").rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """The document of a line, and its SHA-256, which is independent of the order of keys."""

    document: Any
    document_hash: bytes

    @classmethod
    def of(cls, document: Any) -> Self:
        """Return the document with its hash. Raises orjson.JSONEncodeError if it is not JSON."""
        canonical = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        if b"u0000" in canonical and _NUL.search(canonical):
            raise Rejected("", "A text has a NUL character.")
        return cls(document, sha256(canonical).digest())


def read_lines(stream: IO[bytes]) -> Iterator[Line]:
    """Yield the lines of ``stream``, never keeping more than one MiB of a line in memory."""
    for number in count(1):
        raw = stream.readline(MAX_LINE_BYTES + 1)
        if not raw:
            return
        size, last = len(raw), raw
        while not last.endswith(b"\n") and (last := stream.readline(MAX_LINE_BYTES)):
            size += len(last)
        yield Line(number, size, raw)


def parse(line: Line) -> ParsedDocument:
    """Parse the JSON of a line.

    Raises Rejected for more than a MiB, bad UTF-8, invalid JSON, a duplicate key in an object, NaN
    and infinity, integers of more than 64 bits, NUL and lone surrogates in texts, and nesting that
    is too deep.
    """
    if not line.is_whole:
        raise Rejected("", "The line is longer than 1 MiB.")
    try:
        return ParsedDocument.of(_decoded(line.raw))
    except UnicodeDecodeError:
        raise Rejected("", WRONG_ENCODING) from None
    except json.JSONDecodeError as error:
        raise Rejected("", f"This is not JSON: {error.msg} at character {error.pos}.") from None
    except RecursionError:
        raise Rejected("", "This is nested too deeply.") from None
    except orjson.JSONEncodeError as error:
        raise Rejected("", f"This can not be kept: {error}.") from None


def _decoded(raw: bytes) -> Any:
    """Parse JSON; with orjson alone if it dumps the same bytes again, which are unambiguous."""
    with suppress(orjson.JSONDecodeError, orjson.JSONEncodeError):
        document = orjson.loads(raw)
        if orjson.dumps(document) == raw.strip():
            return document
    return _DECODER.decode(raw.decode("utf-8"))


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise Rejected("", "A key stands twice in one object.")
    return values


def _integer(text: str) -> int:
    # int() raises ValueError for thousands of digits. orjson.dumps rejects 30 digits later.
    return int(text[:_TOO_MANY_DIGITS])


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise Rejected("", "A number is not finite.")
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_distinct, parse_int=_integer, parse_float=_number, parse_constant=_number
)
