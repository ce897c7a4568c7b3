"""Finding out whether a pooler in transaction mode stands before PostgreSQL.

Such a pooler (PgBouncer with ``pool_mode = transaction``, and others) gives each transaction any of
its server connections. PostgreSQL knows nothing of it, and not every pooler says what it is; so
what it does is looked at.
"""

import sqlalchemy as sa

from persistence.engine.engines import Engines, Pool, connect

_ROUNDS = 5
_SECONDS = 2.0  # for each statement
# Process ids alone may be alike on two machines.
_SERVER_CONNECTION = sa.text(
    "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
)


def is_shared(url: str) -> bool:
    """Say whether server connections are exchanged between transactions; SQLite has none.

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
    """Whether two clients have one server connection, or one client has two, one after the other.

    That shows for a pooler which prefers the connection that was used last (the clients meet), and
    one which prefers the longest unused (the same client soon gets another one). While one
    client is in a transaction, the other can not have the same; so even an idle pool of a single
    connection has to open a second one. A pooler that chooses at random is found within the rounds.
    A server connection that belongs to a session is always the same, and nobody else's.
    """
    with engines.autocommit.connect() as one, engines.autocommit.connect() as other:
        seen = {each: _server_connection(each) for each in (one, other)}
        if seen[one] == seen[other]:
            return True
        # Once more in a row than there are clients: of two server connections that take turns, each
        # client could have its own.
        order = (one, one, other, one)
        for _ in range(_ROUNDS):
            if any(_server_connection(each) != seen[each] for each in order):
                return True
            other.exec_driver_sql("BEGIN")
            if any(_server_connection(each) != seen[each] for each in (other, one)):
                return True
            other.exec_driver_sql("COMMIT")
    return False


def _server_connection(connection: sa.Connection) -> tuple[object, ...]:
    return tuple(connection.execute(_SERVER_CONNECTION).one())
