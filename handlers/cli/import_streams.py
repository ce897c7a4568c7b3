"""Reads lines from a stream that may stay open for days: a pipe, a FIFO, a terminal."""

import os
import select
import stat
from collections.abc import Iterator
from io import UnsupportedOperation
from typing import IO

from handlers.cli.ndjson import MAX_LINE_BYTES, Line

_CHUNK_BYTES = 64 * 1024


def is_open_ended(stream: IO[bytes]) -> bool:
    """Whether more data may arrive at any time: the stream is not a regular file."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except UnsupportedOperation:  # an in-memory stream
        return False
    return not stat.S_ISREG(mode)


def arriving_lines(descriptor: int, seconds: float) -> Iterator[Line | None]:
    """Yield lines as they arrive, and None after each ``seconds`` without data.

    Like ``read_lines``, it never keeps more than one MiB of a line in memory.
    """
    number, size, raw = 1, 0, bytearray()
    while True:
        if not select.select([descriptor], [], [], seconds)[0]:
            yield None
            continue
        chunk = os.read(descriptor, _CHUNK_BYTES)
        if not chunk:
            break
        for piece in _pieces(chunk):
            size += len(piece)
            raw += piece[: MAX_LINE_BYTES + 1 - len(raw)]
            if piece.endswith(b"\n"):
                yield Line(number, size, bytes(raw))
                number, size, raw = number + 1, 0, bytearray()
    if size:
        yield Line(number, size, bytes(raw))


def _pieces(chunk: bytes) -> Iterator[bytes]:
    """Split the chunk after each line feed."""
    begin = 0
    while end := chunk.find(b"\n", begin) + 1:
        yield chunk[begin:end]
        begin = end
    if begin < len(chunk):
        yield chunk[begin:]
