"""One piece of work on stored things, done wholly or not at all."""

from datetime import datetime
from typing import Protocol

from domain.old_orders import OldOrders
from domain.orders import Orders
from domain.sessions import Sessions
from domain.users import Users


class UnitOfWork(Protocol):
    """What a service reads and changes; without ``commit`` nothing was changed."""

    @property
    def now(self) -> datetime:
        """The moment (UTC) at which all of this work happens."""

    @property
    def orders(self) -> Orders: ...

    @property
    def old_orders(self) -> OldOrders: ...

    @property
    def users(self) -> Users: ...

    @property
    def sessions(self) -> Sessions: ...

    def commit(self) -> None:
        """Make the changes stay."""
