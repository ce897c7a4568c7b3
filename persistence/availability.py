"""Turns errors of the database into Unavailable, and remembers signs of corruption."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from domain.shared.errors import Unavailable
from persistence.engine.engines import Engines
from persistence.engine.failures import (
    LostRace,
    PoolExhausted,
    cause_of,
    is_corrupt,
    is_lost_race,
    is_read_only,
    is_unavailable,
)
from persistence.engine.intervals import Interval

_CORRUPT_SECONDS = 60.0
_TRACEBACK_SECONDS = 10.0

logger = logging.getLogger(__name__)


class Availability:
    """What the errors of one database say about it."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._since_corrupt = Interval()
        self._since_traceback = Interval()

    @property
    def is_corrupt(self) -> bool:
        """Whether a request met corruption in the last minute."""
        return self._since_corrupt.is_within(_CORRUPT_SECONDS)

    @contextmanager
    def required(self) -> Iterator[None]:
        """Raise Unavailable for errors that mean it, or LostRace if another attempt may succeed."""
        try:
            yield
        except SQLAlchemyError as error:
            self.raise_unavailable(error)
            raise

    def raise_unavailable(self, error: BaseException) -> None:
        """Raise what ``required`` raises for ``error``; return for any other error."""
        if isinstance(error, PoolTimeoutError):
            self._log(error)
            raise PoolExhausted from error
        if not isinstance(error, DBAPIError) or not is_unavailable(error):
            return
        if is_lost_race(error):
            logger.warning("a transaction lost to another one")
            raise LostRace from error
        self.note_failure(error)
        raise Unavailable from error

    def note_failure(self, error: DBAPIError) -> None:
        """Log the failure; connect again to a database that is read-only."""
        if is_read_only(error):
            # After a failover another server may be the primary.
            self._engines.reconnect()
            logger.warning("the database is read-only: %s", type(error.orig).__name__)
            return
        # A bad page of PostgreSQL affects some rows, one of SQLite the whole file.
        if is_corrupt(error) and self._engines.dialect.name == "sqlite":
            self._since_corrupt.start()
        self._log(error)

    def _log(self, error: BaseException) -> None:
        """Log a failure; with its traceback, of 8 KB, once in some seconds.

        While the database is away, each request has one.
        """
        if self._since_traceback.passed(_TRACEBACK_SECONDS):
            logger.error("the database is not available", exc_info=error)
        else:
            logger.error("the database is not available: %s", type(cause_of(error)).__name__)
