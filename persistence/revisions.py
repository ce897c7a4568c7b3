"""Checks of the schema revision, for commands and for the start of the server."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from domain.shared.errors import Unavailable
from persistence import migrations
from persistence.engine.engines import Engines


def require_schema(engines: Engines) -> None:
    """Raises SchemaMismatch for another revision than this code needs, and Unavailable.

    The cause of Unavailable is the driver's error, or FileNotFoundError for a file of SQLite. The
    file is not created: a command run in the wrong folder would leave an empty database there.
    """
    _require_file(engines.writing.url)
    try:
        with engines.autocommit.connect() as connection:
            revision = migrations.revision_of(connection)
    except (DBAPIError, PoolTimeoutError) as error:
        raise Unavailable from error
    migrations.require_head(revision)


def require_connection(engines: Engines) -> None:
    """Raises Unavailable if PostgreSQL refuses connections; SQLite creates a missing file."""
    if engines.dialect.name == "sqlite":
        return
    try:
        engines.writing.connect().close()
    except (DBAPIError, PoolTimeoutError) as error:
        raise Unavailable from error


def _require_file(url: sa.URL) -> None:
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise Unavailable from FileNotFoundError("there is no such file")
