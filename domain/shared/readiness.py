"""Why a server that runs is not ready for requests."""

from domain.shared.errors import Unavailable


class Draining(Unavailable):
    """The server is about to stop; it still serves the requests that it gets."""

    message = "The server is about to stop."
    code = "draining"


class NotReady(Unavailable):
    """The database, or the connection to it, does not suit this release.

    An operator has to act.
    """

    cause = "not_ready"


class SchemaMismatch(NotReady):
    """There is no schema, or it is that of an older release, or of a newer one that this code does
    not work with.
    """

    message = "The database has schema revision %(found)s; this release needs %(needed)s."
    code = "schema_mismatch"

    def __init__(self, found: str | None, needed: str) -> None:
        super().__init__(params={"found": found or "none", "needed": needed})


class ReadOnly(NotReady):
    """The database is read-only: a standby, a demoted primary, a file without write permission."""

    message = "The database can only be read."
    code = "read_only"


class Corrupt(NotReady):
    """Database pages are corrupt."""

    message = "The database is damaged."
    code = "corrupt"


class TransactionPooler(NotReady):
    """A pooler in transaction mode that the settings do not mention."""

    message = (
        "A connection pooler in transaction mode stands before PostgreSQL: set"
        " WAYBILL_DATABASE_POOLER to transaction, or let it pool sessions."
    )
    code = "transaction_pooler"


class DistributedStandbys(NotReady):
    """Standbys of a distributed database, whose positions say nothing of other nodes."""

    message = (
        "The rows are distributed over nodes of Citus, whose standbys can not be read: remove"
        " WAYBILL_DATABASE_READ_URL."
    )
    code = "distributed_standbys"
