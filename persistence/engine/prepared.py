"""Connections whose prepared statements have names that no other client uses.

psycopg names them ``_pg3_0``, ``_pg3_1`` and so on, alike in every client. A connection pooler in
transaction mode gives one server connection to one client after the other, and prepared statements
stay with it: a client that runs ``_pg3_0`` there would run another client's statement with its own
values, and could answer with another shopper's rows. With a random part in each name, the server
either has the statement that is meant or answers with an error.
"""

from secrets import token_hex
from typing import Any

import psycopg

# No public name of psycopg lets a program choose these names.
# tests/persistence/engine/test_prepared.py looks at the names that a server has, so that an upgrade
# which changes this fails there.
from psycopg._preparing import Prepare, PrepareManager
from psycopg._queries import PostgresQuery
from psycopg.pq.abc import PGconn

_RANDOM_BYTES = 12  # PostgreSQL cuts names after 63 characters; these have some 35


class OwnNames(PrepareManager):
    """Names with a part that is random for each connection."""

    def __init__(self) -> None:
        super().__init__()
        self._own = f"waybill_{token_hex(_RANDOM_BYTES)}".encode()

    def get(self, query: PostgresQuery, prepare: bool | None = None) -> tuple[Prepare, bytes]:
        """Name what is about to be prepared; a name that was given before comes as it is."""
        decision, name = super().get(query, prepare)
        return decision, self._own + name if decision is Prepare.SHOULD else name


class OwnNamesConnection(psycopg.Connection[Any]):
    """A connection with names of its own."""

    def __init__(self, pgconn: PGconn, *args: Any, **options: Any) -> None:
        super().__init__(pgconn, *args, **options)
        self._prepared = OwnNames()
