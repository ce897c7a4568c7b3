"""Connection pools that report how long callers wait for a connection."""

import logging
from collections.abc import Callable
from time import monotonic

from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

# SQLAlchemy's own loggers begin at WARNING; that of a subclass is below the name of its module.
logging.getLogger(__name__).setLevel(logging.WARNING)


def _ignore(_seconds: float) -> None:
    pass


class MeasuredPool(QueuePool):
    """A pool without overflow; ``on_wait`` gets the seconds of a caller who found none free.

    ``is_distributed``: whether its newest connection is to a distributed database; None if it has
    opened none (``persistence.engine.nodes``).
    """

    on_wait: Callable[[float], None] = staticmethod(_ignore)
    is_distributed: bool | None = None

    def recreate(self) -> QueuePool:
        """Return the pool that replaces this one when its engine is disposed."""
        pool = super().recreate()
        vars(pool)["on_wait"] = self.on_wait
        return pool

    def _do_get(self) -> ConnectionPoolEntry:
        if self.checkedout() < self.size():
            return super()._do_get()
        began = monotonic()
        try:
            return super()._do_get()
        finally:
            self.on_wait(monotonic() - began)
