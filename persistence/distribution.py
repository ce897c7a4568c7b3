"""Distributing the tables of a database over the nodes of Citus, and examining them.

For ``waybill distribute`` and ``waybill doctor --copies``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from persistence import distributing
from persistence.availability import Availability
from persistence.engine.engines import Engines
from persistence.orders.comparing_copies import differing_sellers


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
        with self._availability.required(), self._patient_engines() as engines:
            distributing.distribute(engines.writing, show)
        self._engines.dispose()  # its connections do not know

    def differing_copies(self) -> dict[str, list[int]] | None:
        """Return the pks of the sellers whose copies differ from the rows, by the copies' table.

        None if the database is not distributed. Reads all orders.
        """
        with self._availability.required(), self._patient_engines() as engines:
            return differing_sellers(engines.writing)

    @contextmanager
    def _patient_engines(self) -> Iterator[Engines]:
        engines = self._connect()
        try:
            yield engines
        finally:
            engines.dispose()
