"""Rendered documents in the memory of this process: the ones read most."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

Version = int | UUID
"""Identifies one content of a row: the version number of its order, or its own UUID if the row
never changes. After a failover or a restored backup a pk may be used again, a version never.
"""

Key = tuple[Hashable, str, str]
"""The key of the row, the language, and the renderer's edition."""


@dataclass(frozen=True, slots=True)
class CachedDocument:
    """The document of one version, valid before ``valid_until`` (None: without end)."""

    version: Version
    valid_until: datetime | None
    body: bytes


class LruDocumentCache:
    """The most recently used documents, up to ``max_bytes`` in total; shared by all threads.

    Every look-up names the current version of the row, so nothing has to be invalidated.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._documents: OrderedDict[Key, CachedDocument] = OrderedDict()
        self._lock = Lock()

    def bodies(
        self, versions: Mapping[Any, Version], language: str, edition: str, now: datetime
    ) -> dict[Any, bytes | None]:
        """Return the documents of these versions that are cached and valid at ``now``.

        The result has the keys of ``versions``, in their order; None where missing.
        """
        with self._lock:
            return {
                name: self._body((name, language, edition), version, now)
                for name, version in versions.items()
            }

    def put(self, key: Key, document: CachedDocument) -> None:
        """Add a document, and evict the least recently used ones."""
        with self._lock:
            self._evict(key)
            self._documents[key] = document
            self._bytes += len(document.body)
            while self._bytes > self._max_bytes:
                self._evict(next(iter(self._documents)))

    def _body(self, key: Key, version: Version, now: datetime) -> bytes | None:
        document = self._documents.get(key)
        if document is None or document.version != version:
            return None
        if document.valid_until is not None and document.valid_until <= now:
            return None
        self._documents.move_to_end(key)
        return document.body

    def _evict(self, key: Key) -> None:
        evicted = self._documents.pop(key, None)
        if evicted is not None:
            self._bytes -= len(evicted.body)
