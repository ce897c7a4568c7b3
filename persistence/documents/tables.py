"""Tables of stored documents: a row for each order, in all languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from persistence.documents.compression import NO_EDITION, CompressedBodies
from persistence.documents.lru import Version
from persistence.sql.aggregates import Aggregate, View
from persistence.sql.bulk import Overwrite, insert, insert_rows
from persistence.sql.columns import OWNER, BigId, UtcDateTime, metadata, owner_column, root_column
from persistence.sql.distributed_tables import unique_key
from persistence.sql.in_list import in_list
from persistence.sql.storage import alter_created
from persistence.sql.work import Work

Entity = TypeVar("Entity")


def document_table(name: str, root: str, target: str) -> sa.Table:
    """Return the table of rendered documents of ``target``: those of a row in all languages.

    They differ in a few labels, so that together they are hardly longer than one of them.
    """
    table = sa.Table(
        name,
        metadata,
        root_column(root, target),
        owner_column(),
        sa.Column("edition", BigId, nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("valid_until", UtcDateTime),
        sa.Column("body", CompressedBodies, nullable=False),
        # A version is the time of the order's last change.
        sa.Index(None, "version"),
    )
    # PostgreSQL can't compress the body again. Each change of a row leaves a dead document.
    alter_created(
        table, "ALTER COLUMN body SET STORAGE EXTERNAL", "SET (autovacuum_vacuum_scale_factor=0.02)"
    )
    return table


@dataclass(frozen=True, kw_only=True)
class DocumentKind(Generic[Entity]):
    """A kind of stored document: its table, and the aggregate that is rendered.

    ``owner`` is the table's column that names the aggregate's root, which has the version.
    """

    documents: sa.Table
    owner: str
    aggregate: Aggregate[Entity]

    def load(
        self, work: Work, pks: Sequence[int], user_pk: int | None
    ) -> dict[int, tuple[Version, Entity]]:
        """Load the user's entities with these pks and all that their documents show."""
        entities: Sequence[Any] = work.read(self.aggregate, pks, View.SHOWN, user_pk)
        return {entity.pk: (entity.version, entity) for entity in entities}


def invalidate_documents(work: Work, kind: DocumentKind[Any], versions: Mapping[int, int]) -> None:
    """Replace the stored documents of these rows by empty ones of their new ``versions``.

    A reader that has rendered an older version may try to store it after this; the version of the
    row prevents it. No renderer has their edition, so an empty document is never served.
    """
    roots = kind.aggregate.table.c
    users = sa.select(roots.pk, roots[OWNER]).where(in_list(roots.pk, versions))
    rows: list[dict[str, Any]] = [
        {
            kind.owner: pk,
            OWNER: user_pk,
            "edition": NO_EDITION,
            "version": versions[pk],
            "valid_until": None,
            "body": {},
        }
        for pk, user_pk in sorted(map(tuple, work.execute(users)))
    ]
    insert_rows(work, kind.documents, rows, Overwrite((kind.owner,)))


@cache
def upsert_documents(kind: DocumentKind[Any], dialect: str, is_distributed: bool) -> sa.Insert:
    """Return the statement that stores a document whose row still has its version."""
    documents, rows = kind.documents, kind.aggregate.table
    values = [sa.bindparam(f"new_{column.name}", type_=column.type) for column in documents.c]
    # After a failover or a restored backup the rendered version may not exist any more.
    is_current = (
        sa.select(rows.c.pk)
        .where(
            rows.c.pk == sa.bindparam(f"new_{kind.owner}", type_=BigId),
            rows.c[OWNER] == sa.bindparam(f"new_{OWNER}", type_=BigId),
            rows.c.version == sa.bindparam("new_version", type_=BigId),
        )
        .exists()
    )
    statement = insert(dialect, documents)
    statement = statement.from_select(
        list(documents.c.keys()), sa.select(*values).where(is_current)
    )
    changed = ("edition", "version", "valid_until", "body")
    key = (kind.owner,)
    return statement.on_conflict_do_update(
        index_elements=unique_key(documents, key) if is_distributed else key,
        set_={name: statement.excluded[name] for name in changed},
    )
