"""The migrations from the tables of any earlier release to those of this one."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from domain.shared.private_files import make_private_folder
from domain.shared.readiness import SchemaMismatch
from persistence.engine.engines import Engines

_HERE = Path(__file__).parent
_STEPS = sa.table("alembic_version", sa.column("version_num", sa.String))
REVISION = sa.select(_STEPS.c.version_num)
"""Selects the revision of the tables."""

# The key of the advisory lock: any number that nothing else in the database uses.
_LOCK = 0x57617962696C6C


def upgrade(engines: Engines, fill: Callable[[sa.Connection], None]) -> None:
    """Run the missing migrations, then ``fill``, in one transaction, one process at a time.

    There is no downgrade; restore the backup made before the upgrade. Raises SchemaMismatch for a
    revision of a newer release.
    """
    from alembic import command
    from alembic.config import Config

    _make_folder(engines.writing.url)
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    with engines.writing.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        revision = revision_of(connection)
        if revision is not None and revision > head():
            raise SchemaMismatch(revision, head())
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        fill(connection)


@cache
def head() -> str:
    """Return the revision that this code needs, from file names: Alembic is slow to import."""
    steps = (path.stem for path in (_HERE / "versions").glob("[0-9]*.py"))
    return max(steps).partition("_")[0]


def require_head(revision: str | None) -> None:
    """Raises SchemaMismatch for another revision than this code needs; None: no tables."""
    if revision != head():
        raise SchemaMismatch(revision, head())


def revision_of(connection: sa.Connection) -> str | None:
    """Return the revision of the tables; None without tables."""
    if not sa.inspect(connection).has_table(_STEPS.name):
        return None
    revision: str | None = connection.execute(REVISION).scalar()
    return revision


def stamp(connection: sa.Connection) -> None:
    """Record the revision of this code for tables that were created without migrations."""
    column = sa.Column("version_num", sa.String(32), primary_key=True)
    table = sa.Table(_STEPS.name, sa.MetaData(), column)
    table.create(connection)
    connection.execute(sa.insert(table).values(version_num=head()))


def _make_folder(url: sa.URL) -> None:
    if url.get_backend_name() == "sqlite" and url.database:
        make_private_folder(Path(url.database).parent)
