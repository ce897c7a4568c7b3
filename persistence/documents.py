"""Rendered documents: looked up with the rows they show, made when missing, kept for the next.

A kept document is served only if it was rendered from the version that the row has in the very
statement that found it, by the present edition of the renderer, and its time has not run out. So
whoever changes an order has nothing to invalidate, and nobody can be served what was before.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from domain.documents import RenderedDocument, Renderer
from persistence.engines import Engines, impatient
from persistence.loading import loading
from persistence.schema import BigId, UtcDateTime, metadata, parent
from persistence.upserts import insert

logger = logging.getLogger(__name__)

Entity = TypeVar("Entity")


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
    """What is rendered: the entity, its table, that of its documents, and all that they show."""

    entity: type[Entity]
    rows: sa.Table
    documents: sa.Table
    owner: str
    shown: tuple[str, ...]


class Documents(Protocol):
    """The documents of one kind, as the queries of that kind want them."""

    def fetch(self, chosen: sa.Select[int], language: str, /, **values: object) -> list[bytes]:
        """Return the documents of the rows whose pks ``chosen`` selects, in its order.

        ``values`` are its bound parameters: each statement is built once, and stays.
        """


class NoDocuments:
    """A writing unit of work has none: a rendering of what is not committed must not be kept."""

    def fetch(self, _chosen: sa.Select[int], _language: str, /, **_values: object) -> list[bytes]:
        raise RuntimeError("documents come from a reading unit of work")


class DocumentShelf(Generic[Entity]):
    """The documents of one kind: those that are kept, and those to be rendered first."""

    def __init__(
        self, kind: DocumentKind[Entity], renderer: Renderer[Entity], engines: Engines
    ) -> None:
        self._kind = kind
        self._renderer = renderer
        self._engines = engines
        self._options = loading(kind.entity, kind.shown)
        self.with_bodies = cache(self._with_bodies)

    def values(self, language: str, now: datetime) -> dict[str, object]:
        """Return what ``with_bodies`` binds."""
        return {"language": language, "edition": self._renderer.edition, "now": now}

    def _with_bodies(self, chosen: sa.Select[int]) -> sa.Select[int, bytes | None]:
        """Add to the pks the bodies that may be served now; NULL: to be rendered."""
        rows, documents = self._kind.rows, self._kind.documents
        ahead = documents.c.valid_until > sa.bindparam("now", type_=UtcDateTime)
        servable = sa.and_(
            documents.c[self._kind.owner] == rows.c.pk,
            documents.c.language == sa.bindparam("language"),
            documents.c.edition == sa.bindparam("edition"),
            documents.c.version == rows.c.version,
            sa.or_(documents.c.valid_until.is_(None), ahead),
        )
        joined = rows.outerjoin(documents, servable)
        return chosen.add_columns(documents.c.body).select_from(joined)

    def render(self, pks: Sequence[int], language: str, now: datetime) -> dict[int, bytes]:
        """Render and keep the documents of the rows that are still there.

        All of an entity is read in one snapshot, so that a document never mixes two versions.
        """
        kind = self._kind
        query = sa.select(kind.entity).where(kind.rows.c.pk.in_(pks)).options(*self._options)
        with Session(self._engines.snapshot) as session:
            entities: Sequence[Any] = session.scalars(query).all()
            rendered = {
                entity.pk: (entity.version, self._renderer(entity, language, now))
                for entity in entities
            }
        self._keep(rendered, language)
        return {pk: document.body for pk, (_, document) in rendered.items()}

    def _keep(self, rendered: dict[int, tuple[int, RenderedDocument]], language: str) -> None:
        """Keep what was rendered, unless a newer version's rendering is there already.

        A reader does without: when the database is busy or full it has its answer all the same.
        """
        if not rendered:
            return
        try:
            with impatient(self._engines.autocommit) as connection:
                connection.execute(self._upsert(), list(self._kept_rows(rendered, language)))
        except SQLAlchemyError:
            logger.warning("rendered documents could not be kept", exc_info=True)

    def _upsert(self) -> sa.Insert:
        documents = self._kind.documents
        statement = insert(self._engines.dialect, documents)
        changed = ("edition", "version", "valid_until", "body")
        return statement.on_conflict_do_update(
            index_elements=[documents.c[self._kind.owner], documents.c.language],
            set_={name: statement.excluded[name] for name in changed},
            where=documents.c.version <= statement.excluded.version,
        )

    def _kept_rows(
        self, rendered: dict[int, tuple[int, RenderedDocument]], language: str
    ) -> Iterable[dict[str, Any]]:
        # By pk, so that two readers of one page never wait for each other.
        for pk, (version, document) in sorted(rendered.items(), key=lambda entry: entry[0]):
            yield {
                self._kind.owner: pk,
                "language": language,
                "edition": self._renderer.edition,
                "version": version,
                "valid_until": document.valid_until,
                "body": document.body,
            }


class ShelvedDocuments(Generic[Entity]):
    """A shelf's documents, as one reading unit of work sees them."""

    def __init__(self, session: Session, shelf: DocumentShelf[Entity], now: datetime) -> None:
        self._session = session
        self._shelf = shelf
        self._now = now

    def fetch(self, chosen: sa.Select[int], language: str, /, **values: object) -> list[bytes]:
        values |= self._shelf.values(language, self._now)
        bodies = dict(self._session.execute(self._shelf.with_bodies(chosen), values).all())
        missing = [pk for pk, body in bodies.items() if body is None]
        if missing:
            # Rendering takes a connection of its own. This one goes back to the pool first, or a
            # pool full of readers that each hold one would wait for one more.
            self._session.rollback()
            bodies.update(self._shelf.render(missing, language, self._now))
        return [body for body in bodies.values() if body is not None]
