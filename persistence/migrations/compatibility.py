"""Which code works with the tables: what the database records, and what this code needs.

After a migration that only expands, the code of the previous release still works, so that servers
can be replaced one by one. The database therefore records two revisions: that of its tables, and
the oldest one whose code works with them.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from domain.shared.readiness import SchemaMismatch
from persistence.engine.failures import is_missing_table

FOLDER = Path(__file__).parent

VERSIONS = sa.Table(
    "alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True)
)
# Not in the metadata of the other tables: their rows can be deleted and replaced.
COMPATIBILITY = sa.Table(
    "schema_compatibility",
    sa.MetaData(),
    sa.Column("id", sa.SmallInteger, autoincrement=False),
    sa.Column("compatible_from", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("id", name="pk_schema_compatibility"),
    sa.CheckConstraint("id = 1", name="ck_schema_compatibility_one_row"),
)
_STATE = sa.select(
    VERSIONS.c.version_num, sa.select(COMPATIBILITY.c.compatible_from).scalar_subquery()
)


class SchemaState(NamedTuple):
    """The revision of the tables, and the oldest revision whose code works with them.

    ``revision``: None if there are no tables. ``compatible_from``: None before revision 0014; then
    only code of the same revision works.
    """

    revision: str | None
    compatible_from: str | None = None

    def accepts(self, needed: str) -> bool:
        """Whether code that needs the revision ``needed`` works with these tables."""
        if self.revision is None or self.compatible_from is None:
            return self.revision == needed
        return self.compatible_from <= needed <= self.revision


@cache
def head() -> str:
    """Return the revision that this code needs, from file names: Alembic is slow to import."""
    steps = (path.stem for path in (FOLDER / "versions").glob("[0-9]*.py"))
    return max(steps).partition("_")[0]


def require_compatible(state: SchemaState) -> None:
    """Raises SchemaMismatch for tables with which this code does not work."""
    if not state.accepts(head()):
        raise SchemaMismatch(state.revision, head())


def state_of(connection: sa.Connection) -> SchemaState:
    """Return the state of the tables, by one query. ``connection`` must be in no transaction."""
    try:
        row = connection.execute(_STATE).one_or_none()
    except DBAPIError as error:
        if not is_missing_table(error):
            raise
        return inspected_state_of(connection)
    return SchemaState(None) if row is None else SchemaState(*row)


def inspected_state_of(connection: sa.Connection) -> SchemaState:
    """Return the state of the tables; several queries, which do not fail if there are no tables."""
    inspector = sa.inspect(connection)
    if not inspector.has_table(VERSIONS.name):
        return SchemaState(None)
    revision: str | None = connection.execute(sa.select(VERSIONS.c.version_num)).scalar()
    if not inspector.has_table(COMPATIBILITY.name):
        return SchemaState(revision)
    return SchemaState(
        revision, connection.execute(sa.select(COMPATIBILITY.c.compatible_from)).scalar()
    )


def stamp(connection: sa.Connection) -> None:
    """Record the revision of this code for tables that were created without migrations."""
    VERSIONS.create(connection)
    COMPATIBILITY.create(connection)
    connection.execute(sa.insert(VERSIONS).values(version_num=head()))
    connection.execute(sa.insert(COMPATIBILITY).values(id=1, compatible_from=head()))
