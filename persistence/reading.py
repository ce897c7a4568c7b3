"""Sessions that only read."""

from typing import Any

import sqlalchemy as sa


class ReadingSession(Session):
    """A session on one connection in autocommit, taken from the pool with the first question.

    What is asked of the connection itself (``persistence.questions``) begins no transaction.
    Rolling back gives the connection back to the pool, and the next question takes another one.
    """

    def __init__(self, bind: sa.Engine, **options: Any) -> None:
        super().__init__(**options)
        self._engine = bind
        self._connection: sa.Connection | None = None

    def get_bind(self, *_args: Any, **_options: Any) -> sa.Connection:
        return self.connection()

    def connection(self, *_args: Any, **_options: Any) -> sa.Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def rollback(self) -> None:
        super().rollback()
        self._give_back()

    def close(self) -> None:
        if self.in_transaction():
            super().close()
        self._give_back()

    def _give_back(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
