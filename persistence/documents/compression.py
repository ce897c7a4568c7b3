"""Compresses stored documents against samples of their kind.

Documents of one contract have the same member names and many of the same values. With some of them
as a preset dictionary (RFC 1951 calls it history), zlib stores an order in a tenth of its size, and
needs about ten microseconds to read it. ``docs/operations/growth.md`` has the figures.
"""

import logging
import zlib
from functools import cache
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

_SAMPLES = Path(__file__).with_name("samples.json")
_LEVEL = 6
_RAW = -zlib.MAX_WBITS  # without header and checksum: the dictionary's would be computed each time
_WINDOW = 1 << zlib.MAX_WBITS
_EDITION_LENGTH = 32  # 128 bits

logger = logging.getLogger(__name__)


@cache
def _dictionary() -> bytes:
    return _SAMPLES.read_bytes()[-_WINDOW:]


@cache
def stored_edition(edition: str) -> str:
    """Return the edition of stored documents: a hash of the renderer's edition and the samples.

    With other samples, documents could not be read.
    """
    return sha256(edition.encode() + _dictionary()).hexdigest()[:_EDITION_LENGTH]


def compress(body: bytes) -> bytes:
    """Return the document in the form in which it is stored."""
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW, zdict=_dictionary())
    return deflate.compress(body) + deflate.flush()


def decompress(stored: bytes) -> bytes | None:
    """Return the document; None if the stored bytes are damaged."""
    inflate = zlib.decompressobj(_RAW, zdict=_dictionary())
    try:
        body = inflate.decompress(stored)
    except zlib.error:
        return None
    return body if inflate.eof else None


class CompressedBody(sa.types.TypeDecorator[bytes]):
    """The bytes of a document, compressed; None for damaged ones, which are rendered again."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else compress(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        body = decompress(value)
        if body is None:
            logger.warning("a stored document is damaged and is rendered again")
        return body
