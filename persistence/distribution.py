"""Distributing the tables of a database over the nodes of Citus, for ``waybill distribute``."""

from collections.abc import Callable

from persistence import distributing
from persistence.availability import Availability
from persistence.engine.engines import Engines


class Distribution:
    """The distribution of one database. All methods raise Unavailable."""

    def __init__(
        self, engines: Engines, availability: Availability, connect: Callable[[], Engines]
    ) -> None:
        """``connect`` opens other engines, without a timeout."""
        self._engines = engines
        self._availability = availability
        self._connect = connect

    def obstacles(self) -> list[str]:
        """Return what prevents ``apply``, in sentences."""
        with self._availability.required(), self._engines.autocommit.connect() as connection:
            return distributing.obstacles(connection)

    def steps(self) -> int:
        """Return the number of steps that ``apply`` would run now."""
        with self._availability.required(), self._engines.autocommit.connect() as connection:
            return sum(len(phase(connection)) for phase in distributing.PHASES)

    def other_connections(self) -> int:
        """Return how many connections other processes of Waybill have to a PostgreSQL database.

        Takes up to two seconds.
        """
        self._engines.dispose()
        with self._availability.required(), self._engines.autocommit.connect() as connection:
            return distributing.other_connections(connection)

    def apply(self, show: Callable[[str], None]) -> None:
        """Distribute the tables; ``show`` gets a line for each step. No server may run."""
        engines = self._connect()
        try:
            with self._availability.required():
                distributing.distribute(engines.writing, show)
        finally:
            engines.dispose()
        self._engines.dispose()  # its connections do not know
