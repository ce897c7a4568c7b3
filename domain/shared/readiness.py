"""Why requests can not be served, although the database answers: somebody has to change it."""

from domain.shared.errors import Unavailable


class NotReady(Unavailable):
    """The database, or the way to it, is not as this release needs it."""


class SchemaMismatch(NotReady):
    """The tables are those of an older or a newer release, or there are none."""

    message = "The database has schema revision %(found)s; this release needs %(needed)s."
    code = "schema_mismatch"

    def __init__(self, found: str | None, needed: str) -> None:
        super().__init__(params={"found": found or "none", "needed": needed})


class ReadOnly(NotReady):
    """Nothing can be written: a standby, a demoted primary, a file without permission to write."""

    message = "The database can only be read."
    code = "read_only"


class Corrupt(NotReady):
    """Stored pages can not be what was written."""

    message = "The database is damaged."
    code = "corrupt"


class TransactionPooler(NotReady):
    """A pooler gives each transaction any of its server connections, and no setting says so."""

    message = (
        "A connection pooler in transaction mode stands before PostgreSQL: set"
        " WAYBILL_DATABASE_POOLER to transaction, or let it pool sessions."
    )
    code = "transaction_pooler"
