"""Connections whose prepared statements have unique names.

psycopg names them ``_pg3_0``, ``_pg3_1`` and so on in every client. A pooler in transaction mode
gives one server connection to several clients in turn, and prepared statements stay on it: a client
that runs ``_pg3_0`` could run another client's statement with its own values, and answer with
another shopper's rows. With a random part in each name, the server either has the intended
statement or reports an error.
"""

from secrets import token_hex
from typing import Any

import psycopg

# psycopg has no public API for these names. tests/persistence/engine/test_prepared.py checks the
# names on a server, so that it fails if an upgrade changes this.
from psycopg._preparing import Prepare, PrepareManager
from psycopg._queries import PostgresQuery
from psycopg.pq.abc import PGconn

_RANDOM_BYTES = 12  # PostgreSQL truncates names to 63 characters; these have some 35


class UniqueNames(PrepareManager):
    """Names with a random part for each connection."""

    def __init__(self) -> None:
        super().__init__()
        self._own = f"waybill_{token_hex(_RANDOM_BYTES)}".encode()

    def get(self, query: PostgresQuery, prepare: bool | None = None) -> tuple[Prepare, bytes]:
        """Add the random part to the name of a new statement; other names are unchanged."""
        decision, name = super().get(query, prepare)
        return decision, self._own + name if decision is Prepare.SHOULD else name


class UniqueNamesConnection(psycopg.Connection[Any]):
    """A connection whose prepared statements have unique names."""

    def __init__(self, pgconn: PGconn, *args: Any, **options: Any) -> None:
        super().__init__(pgconn, *args, **options)
        self._prepared = UniqueNames()
