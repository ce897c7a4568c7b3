"""Why requests can not be served, although the database answers: somebody has to change it."""

from domain.errors import Unavailable


class NotReady(Unavailable):
    """The database, or the way to it, is not as this release needs it."""


class SchemaMismatch(NotReady):
    """The tables are those of an older or a newer release, or there are none."""

    message = "The database has schema revision %(found)s; this release needs %(needed)s."
    code = "schema_mismatch"

    def __init__(self, found: str | None, needed: str) -> None:
        super().__init__(params={"found": found or "none", "needed": needed})
