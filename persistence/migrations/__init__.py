"""The steps that bring the tables of any earlier release to those of this one."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from domain.private_files import make_private_folder
from persistence.engines import Engines

_HERE = Path(__file__).parent
# Any number that nothing else in the database locks by.
_LOCK = 0x57617962696C6C


def upgrade(engines: Engines, fill: Callable[[sa.Connection], None]) -> None:
    """Run the steps that are missing, then ``fill``, in one transaction, one process at a time.

    They only lead forward: the way back from a release is the backup made before it.
    """
    from alembic import command
    from alembic.config import Config

    _make_folder(engines.writing.url)
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    with engines.writing.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        fill(connection)


@cache
def head() -> str:
    """The revision that this code needs, by the names of the steps: to load Alembic takes long."""
    steps = (each.stem for each in (_HERE / "versions").glob("[0-9]*.py"))
    return max(steps).partition("_")[0]


def _make_folder(url: sa.URL) -> None:
    if url.get_backend_name() == "sqlite" and url.database:
        make_private_folder(Path(url.database).parent)
