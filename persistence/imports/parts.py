"""Writing the rows of one table that are parts of imported rows."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from domain.imports.parts import Rejected
from persistence.sql.bulk import Overwrite, Row, insert_rows
from persistence.sql.in_list import in_list
from persistence.sql.work import Work


def upsert_by_uuid(work: Work, owner: sa.Column[Any], rows: list[Row]) -> dict[UUID, int]:
    """Insert the rows with a new UUID and overwrite the others; return their pks by UUID.

    Raises Rejected for a UUID that occurs twice, or belongs to a row of another owner.
    """
    table = owner.table
    owners = {row["uuid"]: row[owner.key] for row in rows}
    if len(owners) < len(rows):
        raise Rejected("", "A UUID stands in it twice.")
    insert_rows(work, table, rows, Overwrite(("uuid",), unchanged=(owner.key,)))
    stored = sa.select(table.c.uuid, owner, table.c.pk).where(in_list(table.c.uuid, owners))
    existing = work.execute(stored).all() if rows else []
    if any(owners[uuid] != owner_pk for uuid, owner_pk, _ in existing):
        raise Rejected("", "A UUID in it belongs to another order.")
    return {uuid: pk for uuid, _, pk in existing}


def replace_parts(
    work: Work, owner: sa.Column[Any], owner_pks: Iterable[int], rows: list[Row]
) -> None:
    """Delete the rows of the owners, and insert ``rows``."""
    work.execute(sa.delete(owner.table).where(in_list(owner, owner_pks)))
    insert_rows(work, owner.table, rows)
