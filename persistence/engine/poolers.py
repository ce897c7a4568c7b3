"""Detecting a pooler in transaction mode in front of PostgreSQL.

Such a pooler (PgBouncer with ``pool_mode = transaction``, and others) gives each transaction any of
its server connections. PostgreSQL does not know, and not every pooler identifies itself; so its
behaviour is observed.
"""

import sqlalchemy as sa

from persistence.engine.engines import Engines, Pool, connect

_ROUNDS = 5
_SECONDS = 2.0  # for each statement
# Two machines may have the same process ids.
_SERVER_CONNECTION = sa.text(
    "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
)


def is_shared(url: str) -> bool:
    """Return whether server connections are exchanged between transactions; SQLite has none.

    Raises SQLAlchemy's errors when the database does not answer within some seconds.
    """
    engines = connect(url, Pool(2, _SECONDS, is_shared=True))
    if engines.dialect.name != "postgresql":
        return False
    try:
        return _are_exchanged(engines)
    finally:
        engines.dispose()


def _are_exchanged(engines: Engines) -> bool:
    """Whether two clients share a server connection, or one client gets several.

    If the pooler prefers the connection used last, both clients get the same one; if it prefers the
    one unused for longest, a client soon gets another one. During a transaction of one client the
    other can not have the same, so that even a pool of one connection has to open a second one. A
    pooler that chooses at random is detected within the rounds. Without a pooler, a client's server
    connection is always the same, and no other client's.
    """
    with engines.autocommit.connect() as one, engines.autocommit.connect() as other:
        seen = {client: _server_connection(client) for client in (one, other)}
        if seen[one] == seen[other]:
            return True
        # One client twice in a row: with two server connections in turn, each client could else
        # have its own.
        order = (one, one, other, one)
        for _ in range(_ROUNDS):
            if any(_server_connection(client) != seen[client] for client in order):
                return True
            other.exec_driver_sql("BEGIN")
            if any(_server_connection(client) != seen[client] for client in (other, one)):
                return True
            other.exec_driver_sql("COMMIT")
    return False


def _server_connection(connection: sa.Connection) -> tuple[object, ...]:
    return tuple(connection.execute(_SERVER_CONNECTION).one())
