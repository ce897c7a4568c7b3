"""Compresses stored documents against samples of their kind.

Documents of one contract have the same member names and many of the same values. With some of them
as a preset dictionary, zlib stores an order in two languages in a twentieth of their size, and
reads it in about twelve microseconds. ``docs/operations/growth.md`` has the figures.
"""

import logging
import zlib
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

_SAMPLES = Path(__file__).with_name("samples.json")
_LEVEL = 6
_RAW = -zlib.MAX_WBITS  # without header and checksum: the dictionary's would be computed each time
_WINDOW = 1 << zlib.MAX_WBITS
_EDITION_BYTES = 8  # of a BIGINT

NO_EDITION = 0
"""The edition of empty documents, which is that of no renderer."""

logger = logging.getLogger(__name__)


@cache
def _dictionary() -> bytes:
    return _SAMPLES.read_bytes()[-_WINDOW:]


@cache
def stored_edition(edition: str) -> int:
    """Return the edition of stored documents: a hash of the renderer's edition and the samples.

    With other samples, documents could not be read.
    """
    digest = sha256(edition.encode() + _dictionary()).digest()
    return int.from_bytes(digest[:_EDITION_BYTES], "big", signed=True)


def compress(packed: bytes) -> bytes:
    """Return documents in the form in which they are stored."""
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW, zdict=_dictionary())
    return deflate.compress(packed) + deflate.flush()


def decompress(stored: bytes) -> bytes | None:
    """Return the documents; None if the stored bytes are damaged."""
    inflate = zlib.decompressobj(_RAW, zdict=_dictionary())
    try:
        packed = inflate.decompress(stored)
    except zlib.error:
        return None
    return packed if inflate.eof else None


def pack(by_language: Mapping[str, bytes]) -> bytes:
    """Return documents as one text: for each, a line with its language and length, and itself."""
    return b"".join(
        b"%s %d\n%s" % (language.encode(), len(body), body)
        for language, body in sorted(by_language.items())
    )


def unpack(packed: bytes) -> dict[str, bytes]:
    """Return the documents that ``pack`` has packed, by language."""
    by_language = {}
    start = 0
    while start < len(packed):
        end = packed.index(b"\n", start)
        language, length = packed[start:end].split()
        start = end + 1 + int(length)
        by_language[language.decode()] = packed[end + 1 : start]
    return by_language


class CompressedBodies(sa.types.TypeDecorator[Mapping[str, bytes]]):
    """The documents of one row by language, compressed; empty for damaged ones."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, bytes] | None, dialect: Dialect) -> bytes:
        return compress(pack(value or {}))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Mapping[str, bytes]:
        packed = decompress(value or b"")
        if packed is None:
            logger.warning("a stored document is damaged and is rendered again")
            return {}
        return unpack(packed)
