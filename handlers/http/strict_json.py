"""Strict JSON: values that two parsers could read differently, or that a database can't store, are
refused (RFC 8259; its section 9 lets parsers set limits).

Invariant: colons outside strings = members, unless a key repeats, since the decoder keeps only the
last member of a key. Colons in strings can only add to the count, so a body that has no more colons
than the decoded document has members repeats no key.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson

MAX_DEPTH = 32
MAX_NODES = 10_000
_TOO_BIG = 10**19

# An integer; long fractions and exponents are allowed.
_LONG_INTEGER = re.compile(rb"(?<![0-9.eE])(?<![eE][+-])[0-9]{20,}(?![0-9.eE])")


def decode_json(raw: bytes) -> Any:
    """The value in ``raw``.

    Raises ValueError for anything but JSON in UTF-8 (NaN, infinity and lone surrogates are none),
    for a repeated key in an object, NUL, integers of more than 19 digits, and for more than 32
    levels or 10,000 values.
    """
    # Counted before decoding: 85,000 empty lists keep the garbage collector busy.
    if raw.count(b",") >= MAX_NODES and _outside_strings(raw).count(b",") >= MAX_NODES:
        raise ValueError("there are too many values")
    document = orjson.loads(raw)
    members, has_float = _count_members(document)
    # The bytes outside strings are looked at only where a key may repeat, or a float may have been
    # a long integer: most bodies are not scanned.
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
    """``raw`` without its strings, in linear time for any bytes."""
    return b"".join(raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])


def _count_members(document: Any) -> tuple[int, bool]:
    """The number of members of all objects, and whether any number is a float: orjson turns
    integers of more than 64 bits into floats.

    Level by level, without recursion, since the depth is not checked yet. Raises ValueError for a
    long integer, and past MAX_DEPTH and MAX_NODES.
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
    """The keys and strings of a document of at most MAX_DEPTH levels."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
