"""JSON, decoded strictly: what two parsers could read differently, or a database can't keep, is
refused (RFC 8259 and its section 9, which leaves bounds to whoever reads)."""

import re
from collections.abc import Iterator
from typing import Any

import orjson

MAX_DEPTH = 32
MAX_NODES = 10_000
_TOO_BIG = 10**19

# Of an integer, not of a fraction or an exponent, which are measures and no ids.
_LONG_INTEGER = re.compile(rb"(?<![0-9.eE])(?<![eE][+-])[0-9]{20,}(?![0-9.eE])")


def decode_json(raw: bytes) -> Any:
    """The value in ``raw``.

    Raises ValueError for what is not JSON in UTF-8 (NaN, infinity and lone surrogates are not),
    for a key that stands twice in one object, NUL, integers of more than 19 digits, and for more
    than 32 levels or 10,000 values.
    """
    # Counted before they are made: 85,000 empty lists keep the garbage collector busy.
    if raw.count(b",") >= MAX_NODES and _outside_strings(raw).count(b",") >= MAX_NODES:
        raise ValueError("there are too many values")
    document = orjson.loads(raw)
    members, has_float = _survey(document)
    # What stands outside of strings matters only where it could hide a repeated key or a long
    # integer, so most bodies are never looked through.
    if has_float or raw.count(b":") > members:
        bare = _outside_strings(raw)
        if bare.count(b":") > members:
            raise ValueError("a key stands twice")
        if has_float and _LONG_INTEGER.search(bare):
            raise ValueError("an integer is too long")
    if b"u0000" in raw and any("\0" in text for text in _texts(document)):
        raise ValueError("a text has NUL")
    return document


def _outside_strings(raw: bytes) -> bytes:
    """What is left without strings and their quotes; it takes linear time for any bytes."""
    return b"".join(raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])


def _survey(document: Any) -> tuple[int, bool]:
    """How many members its objects have together, and whether it has numbers that orjson made
    floats, as it does with integers that pass 64 bits.

    Level by level, since what is nested too deeply must not be followed by recursion.
    """
    members, nodes, has_float = 0, 1, False
    level, depth = [document], 0
    while level:
        below: list[Any] = []
        for value in level:
            kind = type(value)
            if kind is dict:
                members += len(value)
                below.extend(value.values())
            elif kind is list:
                below.extend(value)
            elif kind is float:
                has_float = True
            elif kind is int and not -_TOO_BIG < value < _TOO_BIG:
                raise ValueError("an integer is too long")
        if depth == MAX_DEPTH and not {dict, list}.isdisjoint(map(type, level)):
            raise ValueError("it is nested too deeply")
        level, depth, nodes = below, depth + 1, nodes + len(below)
        if nodes > MAX_NODES:
            raise ValueError("there are too many values")
    return members, has_float


def _texts(value: Any) -> Iterator[str]:
    """The keys and strings of a document whose depth is known to be small."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
