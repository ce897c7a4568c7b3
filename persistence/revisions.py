"""Checks of the schema revision, for commands and for the start of the server."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from domain.shared.errors import Unavailable
from persistence import migrations
from persistence.engine.engines import Engines


def require_schema(engines: Engines) -> None:
    """Raises SchemaMismatch for tables with which this code does not work, and Unavailable.

    The cause of Unavailable is the driver's error, or FileNotFoundError for a file of SQLite. The
    file is not created: a command run in the wrong folder would leave an empty database there.
    """
    if not _has_file(engines.writing.url):
        raise Unavailable from FileNotFoundError("there is no such file")
    migrations.require_compatible(schema_state(engines))


def schema_state(engines: Engines) -> migrations.SchemaState:
    """Return the state of the tables. Raises Unavailable. A missing file of SQLite has none."""
    if not _has_file(engines.writing.url):
        return migrations.SchemaState(None)
    try:
        with engines.autocommit.connect() as connection:
            return migrations.state_of(connection)
    except (DBAPIError, PoolTimeoutError) as error:
        raise Unavailable from error


def require_connection(engines: Engines) -> None:
    """Raises Unavailable if PostgreSQL refuses connections; SQLite creates a missing file."""
    if engines.dialect.name == "sqlite":
        return
    try:
        engines.writing.connect().close()
    except (DBAPIError, PoolTimeoutError) as error:
        raise Unavailable from error


def _has_file(url: sa.URL) -> bool:
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()
