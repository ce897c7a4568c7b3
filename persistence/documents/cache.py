"""Rendered documents: looked up by the versions of their rows, rendered when missing, then cached.

A document is served only if it has the version that the statement of this read returned for the
row, the renderer's current edition, and has not expired. So a change of an order has nothing to
invalidate, and no stale document is served.

The version has to be equal, not just high enough: a database that has lost its last transactions
goes back to lower versions. What is read on a standby is rendered from that standby, unless its
rows are older than the versions that were found.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from domain.shared.documents import RenderedDocument, Renderer
from persistence.documents.compression import stored_edition
from persistence.documents.lru import CachedDocument, LruDocumentCache, Version
from persistence.documents.tables import DocumentKind, upsert_documents
from persistence.engine.engines import Engines
from persistence.engine.failures import read_again_if_closed
from persistence.engine.measures import NO_MEASURES
from persistence.engine.nodes import is_distributed
from persistence.engine.standbys import Standby
from persistence.sql.columns import OWNER, BigId
from persistence.sql.compiled_query import CompiledQuery, Row
from persistence.sql.in_list import in_param
from persistence.sql.work import Work

Entity = TypeVar("Entity")

Load = Callable[[Work, Sequence[Any], int | None], Mapping[Any, tuple[Version, Entity]]]
"""Returns the entities of the rows that still exist, each with its version, by the row's key.

The last argument is the user whose rows these are; None: rows of a seller.
"""

RunLater = Callable[[Callable[[], None]], None]
"""Runs a function that raises nothing, now or later, or drops it when too many wait."""

Versions = Mapping[Any, Version]
"""The version of each row, by the row's key."""


class Documents(Protocol):
    """The documents of one kind, for the queries of that kind."""

    def bodies(self, rows: Iterable[Row], language: str, user_pk: int | None = None) -> list[bytes]:
        """Return the documents of these rows, of one user or of a seller, in their order.

        The first two columns of ``rows`` are the row's key and its version. Rows that were deleted
        since are left out.
        """


class DisabledDocuments:
    """For a writing unit of work: what is not committed must not be rendered and cached."""

    def bodies(
        self, _rows: Iterable[Row], _language: str, _user_pk: int | None = None
    ) -> list[bytes]:
        raise RuntimeError("documents come from a reading unit of work with their renderer")


class DocumentCache(Generic[Entity]):
    """The documents of one kind, cached in memory and rendered when missing."""

    def __init__(
        self,
        load: Load[Entity],
        renderer: Renderer[Entity],
        engines: Engines,
        memory_bytes: int,
    ) -> None:
        self.measures = NO_MEASURES
        self._load = load
        self._renderer = renderer
        self._engines = engines
        self._memory = LruDocumentCache(memory_bytes)

    def get_cached(
        self, versions: Versions, language: str, now: datetime
    ) -> dict[Any, bytes | None]:
        """Return the documents in memory of these versions, in their order; None where missing."""
        return self._memory.bodies(versions, language, self._renderer.edition, now)

    def get_stored(
        self,
        _work: Work,
        _versions: Versions,
        _language: str,
        _now: datetime,
        _user_pk: int | None,
    ) -> dict[Any, bytes]:
        """Return the documents of these versions that the database has."""
        return {}

    def render(
        self,
        versions: Versions,
        language: str,
        now: datetime,
        user_pk: int | None = None,
        standby: Standby | None = None,
    ) -> dict[Any, bytes]:
        """Render and cache the documents of the rows that still exist.

        An entity is read in one snapshot, so that a document never mixes two versions. Rows that
        the ``standby`` does not have in these versions yet are read on the primary.
        """
        rendered = {
            key: (version, self._renderer(entity, language, now))
            for key, (version, entity) in self._loaded(versions, user_pk, standby).items()
        }
        self._store(rendered, language, user_pk)
        for key, (version, document) in rendered.items():
            cached = CachedDocument(version, document.valid_until, document.body)
            self._cache(key, language, cached)
        return {key: document.body for key, (_, document) in rendered.items()}

    def _loaded(
        self, versions: Versions, user_pk: int | None, standby: Standby | None
    ) -> Mapping[Any, tuple[Version, Entity]]:
        if standby is None:
            return self._loaded_from(self._engines, list(versions), user_pk)
        loaded: dict[Any, tuple[Version, Entity]] = {}
        try:
            loaded |= self._loaded_from(standby.engines, list(versions), user_pk)
        except SQLAlchemyError as error:
            standby.report(error)
        behind = [key for key in versions if _is_behind(loaded.get(key), versions[key])]
        if behind:
            for key in behind:
                loaded.pop(key, None)
            loaded |= self._loaded_from(self._engines, behind, user_pk)
        return loaded

    def _loaded_from(
        self, engines: Engines, keys: Sequence[Any], user_pk: int | None
    ) -> Mapping[Any, tuple[Version, Entity]]:
        return read_again_if_closed(partial(self._loaded_once, engines, keys, user_pk))

    def _loaded_once(
        self, engines: Engines, keys: Sequence[Any], user_pk: int | None
    ) -> Mapping[Any, tuple[Version, Entity]]:
        with closing(Work(self._snapshots_of(engines), is_writing=False)) as work:
            loaded = self._load(work, keys, user_pk)
            # After a rollback the driver would prepare all its statements again.
            work.commit()
            return loaded

    def _snapshots_of(self, engines: Engines) -> sa.Engine:
        """The engine that reads an entity in one snapshot."""
        return engines.snapshot

    def _cache(self, key: Any, language: str, document: CachedDocument) -> None:
        self._memory.put((key, language, self._renderer.edition), document)

    def _store(
        self,
        rendered: dict[Any, tuple[Version, RenderedDocument]],
        language: str,
        user_pk: int | None,
    ) -> None:
        """Store the documents for other processes; without a table there is nothing to do."""


class PersistentDocumentCache(DocumentCache[Entity]):
    """A cache with a table behind it, for documents that are long or expensive to render.

    Rendered documents are stored by ``later``, so that no response waits for it.
    """

    def __init__(
        self,
        kind: DocumentKind[Entity],
        renderer: Renderer[Entity],
        engines: Engines,
        memory_bytes: int,
        later: RunLater,
    ) -> None:
        super().__init__(kind.load, renderer, engines, memory_bytes)
        self._kind = kind
        self._later = later
        documents = kind.documents.c
        self._stored = CompiledQuery(
            sa.select(
                documents[kind.owner], documents.version, documents.valid_until, documents.body
            ).where(
                in_param(documents[kind.owner], "pks"),
                documents[OWNER] == sa.bindparam(OWNER, type_=BigId),
                documents.edition == sa.bindparam("edition", type_=BigId),
            ),
            f"documents.cache.stored({kind.documents.name})",
        )

    def get_stored(
        self,
        work: Work,
        versions: Versions,
        language: str,
        now: datetime,
        user_pk: int | None,
    ) -> dict[Any, bytes]:
        bodies = {}
        for pk, version, valid_until, by_language in self._stored_rows(work, versions, user_pk):
            is_valid = valid_until is None or valid_until > now
            body = by_language.get(language)
            if version == versions[pk] and is_valid and body is not None:
                bodies[pk] = body
                self._cache(pk, language, CachedDocument(version, valid_until, body))
        return bodies

    def _stored_rows(self, work: Work, pks: Iterable[int], user_pk: int | None) -> list[Row]:
        edition = stored_edition(self._renderer.edition)
        return self._stored.rows(work, {"pks": list(pks), OWNER: user_pk, "edition": edition})

    def _snapshots_of(self, engines: Engines) -> sa.Engine:
        return engines.aggregates

    def _store(
        self,
        rendered: dict[Any, tuple[Version, RenderedDocument]],
        language: str,
        user_pk: int | None,
    ) -> None:
        """Store the documents whose rows still have the rendered version.

        Best effort: when the database is busy or full, the request succeeds without it.
        """
        if rendered:
            self._later(partial(self._write, rendered, language, user_pk))

    def _write(
        self,
        rendered: dict[Any, tuple[Version, RenderedDocument]],
        language: str,
        user_pk: int | None,
    ) -> None:
        def write(connection: sa.Connection) -> None:
            others = self._other_languages(Work.on(connection), rendered, user_pk)
            # By pk, so that two readers of one page can not deadlock.
            rows = [
                {
                    f"new_{self._kind.owner}": pk,
                    f"new_{OWNER}": user_pk,
                    "new_edition": stored_edition(self._renderer.edition),
                    "new_version": version,
                    "new_valid_until": document.valid_until,
                    "new_body": {**others.get(pk, {}), language: document.body},
                }
                for pk, (version, document) in sorted(rendered.items(), key=itemgetter(0))
            ]
            dialect = self._engines.dialect.name
            connection.execute(
                upsert_documents(self._kind, dialect, is_distributed(connection)), rows
            )

        self._engines.write_best_effort(write, "rendered documents")

    def _other_languages(
        self,
        work: Work,
        rendered: Mapping[Any, tuple[Version, RenderedDocument]],
        user_pk: int | None,
    ) -> dict[int, Mapping[str, bytes]]:
        """Return the stored documents that can stay beside those that were rendered.

        With an equal end of their validity, no flag has changed between the two renderings. If two
        processes render two languages at once, one is lost, and is rendered again when it is read.
        """
        return {
            pk: by_language
            for pk, version, valid_until, by_language in self._stored_rows(work, rendered, user_pk)
            if (version, valid_until) == (rendered[pk][0], rendered[pk][1].valid_until)
        }


class RequestDocuments(Generic[Entity]):
    """The documents of a cache for one reading unit of work."""

    def __init__(self, work: Work, cache: DocumentCache[Entity], now: datetime) -> None:
        self._work = work
        self._cache = cache
        self._now = now

    def bodies(self, rows: Iterable[Row], language: str, user_pk: int | None = None) -> list[bytes]:
        versions = {row[0]: row[1] for row in rows}
        measures = self._cache.measures
        bodies = self._cache.get_cached(versions, language, self._now)
        missing = _missing(bodies, versions)
        measures.from_memory(len(versions) - len(missing))
        if missing:
            stored = self._cache.get_stored(self._work, missing, language, self._now, user_pk)
            bodies.update(stored)
            measures.from_database(len(stored))
        if missing := _missing(bodies, versions):
            measures.rendered(len(missing))
            # Rendering takes another connection. Give this one back first, or a pool whose
            # connections are all held by such readers would deadlock.
            self._work.rollback()
            rendered = self._cache.render(missing, language, self._now, user_pk, self._work.standby)
            bodies.update(rendered)
        return [body for body in bodies.values() if body is not None]


def _is_behind(loaded: tuple[Version, object] | None, version: Version) -> bool:
    """Whether a standby lacks the row or has an older version; a UUID has no other versions."""
    if loaded is None:
        return True
    return isinstance(version, int) and isinstance(loaded[0], int) and loaded[0] < version


def _missing(bodies: Mapping[Any, bytes | None], versions: Versions) -> dict[Any, Version]:
    return {key: versions[key] for key, body in bodies.items() if body is None}
