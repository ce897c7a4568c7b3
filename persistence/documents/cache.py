"""Rendered documents: looked up with the rows they show, made when missing, kept for the next.

A document is served only if it was rendered from the version that the row has in the very
statement that found it, by the present edition of the renderer, and its time has not run out. So
whoever changes an order has nothing to invalidate, and nobody can be served what was before.

Another version is never good enough, not even a higher one: a database that has lost its last
transactions goes back to lower versions.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa

from domain.shared.documents import RenderedDocument, Renderer
from persistence.documents.lru import CachedDocument, LruDocumentCache, Version
from persistence.engine.engines import Engines
from persistence.sql.aggregates import Aggregate, View
from persistence.sql.bulk import Overwrite, insert, insert_rows
from persistence.sql.columns import BigId, UtcDateTime, metadata, parent
from persistence.sql.compiled_query import CompiledQuery, Row
from persistence.sql.in_list import in_param
from persistence.sql.work import Work

Entity = TypeVar("Entity")

Load = Callable[[Work, Sequence[Any]], Mapping[Any, tuple[Version, Entity]]]
"""Reads the entities of the rows that are still there, each with its version, by the row's key."""

Later = Callable[[Callable[[], None]], None]
"""Runs what does not fail, now or in a while, or never where there is too much of it."""

Versions = Mapping[Any, Version]
"""What each row, by its key, has for a version."""


def document_table(name: str, owner: str, target: str) -> sa.Table:
    """The table of the rendered documents of ``target``, one for each row and language."""
    return sa.Table(
        name,
        metadata,
        parent(owner, target, index=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("edition", sa.String(64), nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("valid_until", UtcDateTime),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint(owner, "language"),
    )


@dataclass(frozen=True, kw_only=True)
class DocumentKind(Generic[Entity]):
    """What is rendered: the table of the documents, and the entities with all that they show.

    The rows of the aggregate's root have the versions.
    """

    documents: sa.Table
    owner: str
    aggregate: Aggregate[Entity]

    def load(self, work: Work, pks: Sequence[int]) -> dict[int, tuple[Version, Entity]]:
        """Read the entities with these pks and all that their documents show."""
        entities: Sequence[Any] = work.read(self.aggregate, pks, View.SHOWN)
        return {entity.pk: (entity.version, entity) for entity in entities}


def remove_documents(
    work: Work, kind: DocumentKind[Any], versions: Mapping[int, int], languages: Iterable[str]
) -> None:
    """Replace the kept documents of these rows by empty ones of their new ``versions``.

    A reader that rendered an older version may keep it after this; the row that is here then
    stops it, as it stops any older document. No renderer has the edition "", so that an empty
    document is never served.
    """
    rows = [
        {
            kind.owner: pk,
            "language": language,
            "edition": "",
            "version": version,
            "valid_until": None,
            "body": b"",
        }
        for pk, version in sorted(versions.items())
        for language in sorted(languages)
    ]
    insert_rows(work, kind.documents, rows, Overwrite((kind.owner, "language")))


class Documents(Protocol):
    """The documents of one kind, as the queries of that kind want them."""

    def bodies(self, found: Iterable[Row], language: str) -> list[bytes]:
        """Return the documents of the rows that were found, in their order.

        Each of ``found`` begins with what names the row and the version that it was found in.
        Rows that went away since are left out.
        """


class DisabledDocuments:
    """A writing unit of work has none: a rendering of what is not committed must not be kept."""

    def bodies(self, _found: Iterable[Row], _language: str) -> list[bytes]:
        raise RuntimeError("documents come from a reading unit of work with their renderer")


class DocumentCache(Generic[Entity]):
    """The documents of one kind: in memory, or to be rendered first."""

    def __init__(
        self,
        load: Load[Entity],
        renderer: Renderer[Entity],
        engines: Engines,
        memory_bytes: int,
    ) -> None:
        self._load = load
        self._renderer = renderer
        self._engines = engines
        self._reads = engines.snapshot
        self._memory = LruDocumentCache(memory_bytes)

    def remembered(
        self, versions: Versions, language: str, now: datetime
    ) -> dict[Any, bytes | None]:
        """Return the bodies of these versions of the rows, in their order; None where missing."""
        return self._memory.bodies(versions, language, self._renderer.edition, now)

    def kept(
        self, _work: Work, _versions: Versions, _language: str, _now: datetime
    ) -> dict[Any, bytes]:
        """Return those bodies that are kept of these versions."""
        return {}

    def render(self, keys: Sequence[Any], language: str, now: datetime) -> dict[Any, bytes]:
        """Render and keep the documents of the rows that are still there.

        All of an entity is read in one snapshot, so that a document never mixes two versions.
        """
        rendered = {
            key: (version, self._renderer(entity, language, now))
            for key, (version, entity) in self._loaded(keys).items()
        }
        self._keep(rendered, language)
        for key, (version, document) in rendered.items():
            remembered = CachedDocument(version, document.valid_until, document.body)
            self._remember(key, language, remembered)
        return {key: document.body for key, (_, document) in rendered.items()}

    def _loaded(self, keys: Sequence[Any]) -> Mapping[Any, tuple[Version, Entity]]:
        with closing(Work(self._reads, is_writing=False)) as work:
            loaded = self._load(work, keys)
            # A rollback would have the driver forget all statements that it has prepared.
            work.commit()
            return loaded

    def _remember(self, key: Any, language: str, document: CachedDocument) -> None:
        self._memory.remember((key, language, self._renderer.edition), document)

    def _keep(self, rendered: dict[Any, tuple[Version, RenderedDocument]], language: str) -> None:
        """Keep what was rendered for other processes, and for the time after this one."""


class PersistentDocumentCache(DocumentCache[Entity]):
    """A shelf with a table behind it: its documents are long, or cost much to render.

    What was rendered is stored ``later``, so that no answer waits for it.
    """

    def __init__(
        self,
        kind: DocumentKind[Entity],
        renderer: Renderer[Entity],
        engines: Engines,
        memory_bytes: int,
        later: Later,
    ) -> None:
        super().__init__(kind.load, renderer, engines, memory_bytes)
        self._kind = kind
        self._later = later
        self._reads = engines.aggregates
        documents = kind.documents.c
        self._kept = CompiledQuery(
            sa.select(
                documents[kind.owner], documents.version, documents.valid_until, documents.body
            ).where(
                in_param(documents[kind.owner], "pks"),
                documents.language == sa.bindparam("language"),
                documents.edition == sa.bindparam("edition"),
            )
        )

    def kept(
        self, work: Work, versions: Versions, language: str, now: datetime
    ) -> dict[Any, bytes]:
        edition = self._renderer.edition
        values = {"pks": list(versions), "language": language, "edition": edition}
        bodies = {}
        for pk, version, valid_until, body in self._kept.rows(work, values):
            if version == versions[pk] and (valid_until is None or valid_until > now):
                bodies[pk] = body
                self._remember(pk, language, CachedDocument(version, valid_until, body))
        return bodies

    def _keep(self, rendered: dict[Any, tuple[Version, RenderedDocument]], language: str) -> None:
        """Keep what was rendered, where the row still has that version.

        A reader does without: when the database is busy or full it has its answer all the same.
        """
        rows = list(self._kept_rows(rendered, language))
        if rows:
            self._later(partial(self._store, rows))

    def _store(self, rows: list[dict[str, Any]]) -> None:
        self._engines.attempt(
            lambda connection: connection.execute(self._upsert, rows), "rendered documents"
        )

    @cached_property
    def _upsert(self) -> sa.Insert:
        documents, rows = self._kind.documents, self._kind.aggregate.table
        given = [sa.bindparam(f"kept_{each.name}", type_=each.type) for each in documents.c]
        # The rows may be those of another server by now, or a backup's: what was rendered of what
        # is not there any more must not be kept.
        is_there = (
            sa.select(rows.c.pk)
            .where(
                rows.c.pk == sa.bindparam(f"kept_{self._kind.owner}", type_=BigId),
                rows.c.version == sa.bindparam("kept_version", type_=BigId),
            )
            .exists()
        )
        statement = insert(self._engines.dialect.name, documents)
        statement = statement.from_select(
            list(documents.c.keys()), sa.select(*given).where(is_there)
        )
        changed = ("edition", "version", "valid_until", "body")
        return statement.on_conflict_do_update(
            index_elements=[documents.c[self._kind.owner], documents.c.language],
            set_={name: statement.excluded[name] for name in changed},
        )

    def _kept_rows(
        self, rendered: dict[Any, tuple[Version, RenderedDocument]], language: str
    ) -> Iterable[dict[str, Any]]:
        # By pk, so that two readers of one page never wait for each other.
        for pk, (version, document) in sorted(rendered.items(), key=lambda entry: entry[0]):
            yield {
                f"kept_{self._kind.owner}": pk,
                "kept_language": language,
                "kept_edition": self._renderer.edition,
                "kept_version": version,
                "kept_valid_until": document.valid_until,
                "kept_body": document.body,
            }


class RequestDocuments(Generic[Entity]):
    """A shelf's documents, as one reading unit of work sees them."""

    def __init__(self, work: Work, shelf: DocumentCache[Entity], now: datetime) -> None:
        self._work = work
        self._shelf = shelf
        self._now = now

    def bodies(self, found: Iterable[Row], language: str) -> list[bytes]:
        versions = {row[0]: row[1] for row in found}
        bodies = self._shelf.remembered(versions, language, self._now)
        if missing := _missing(bodies, versions):
            bodies.update(self._shelf.kept(self._work, missing, language, self._now))
        if missing := _missing(bodies, versions):
            # Rendering takes a connection of its own. This one goes back to the pool first, or a
            # pool full of readers that each hold one would wait for one more.
            self._work.rollback()
            bodies.update(self._shelf.render(list(missing), language, self._now))
        return [body for body in bodies.values() if body is not None]


def _missing(bodies: Mapping[Any, bytes | None], versions: Versions) -> dict[Any, Version]:
    return {key: versions[key] for key, body in bodies.items() if body is None}
