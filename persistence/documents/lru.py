"""Documents in the memory of this process: the few that are asked for again and again."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

Version = int | UUID
"""What a row is in one content, and in no other: a number of its order, or its own UUID where it
never changes. A database that loses its last changes, by a failover or a backup that is put back,
may use pks again, and none of these.
"""

Key = tuple[Hashable, str, str]
"""What names the row, the language, and the renderer's edition."""


@dataclass(frozen=True, slots=True)
class CachedDocument:
    """What was rendered of one version; from ``valid_until`` on (None: never) it is wrong."""

    version: Version
    valid_until: datetime | None
    body: bytes


class LruDocumentCache:
    """The documents used last, ``max_bytes`` of them at most; shared by all threads.

    Whoever asks names the version that the row has now, so nothing here has to be invalidated.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._documents: OrderedDict[Key, CachedDocument] = OrderedDict()
        self._lock = Lock()

    def bodies(
        self, versions: Mapping[Any, Version], language: str, edition: str, now: datetime
    ) -> dict[Any, bytes | None]:
        """Return the documents of these versions that are here and still good at ``now``.

        They come by what names their rows, in the order of these; None where missing.
        """
        with self._lock:
            return {
                name: self._body((name, language, edition), version, now)
                for name, version in versions.items()
            }

    def remember(self, key: Key, document: CachedDocument) -> None:
        """Take in a document, and forget those that were not used for longest."""
        with self._lock:
            self._forget(key)
            self._documents[key] = document
            self._bytes += len(document.body)
            while self._bytes > self._max_bytes:
                self._forget(next(iter(self._documents)))

    def _body(self, key: Key, version: Version, now: datetime) -> bytes | None:
        found = self._documents.get(key)
        if found is None or found.version != version:
            return None
        if found.valid_until is not None and found.valid_until <= now:
            return None
        self._documents.move_to_end(key)
        return found.body

    def _forget(self, key: Key) -> None:
        forgotten = self._documents.pop(key, None)
        if forgotten is not None:
            self._bytes -= len(forgotten.body)
