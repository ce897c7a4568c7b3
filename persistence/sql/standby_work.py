"""Units of work for databases with standbys.

A ``StandbyWork`` reads from a standby after its first statement has shown how far that standby is.
It continues on the primary after any failure: a later statement may see more than an earlier one,
and the primary has all that a standby has. A ``NotingWork`` reports how far the database is after
its changes.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from domain.shared.errors import Refusal
from domain.shared.positions import Position, StandbyReader
from persistence.engine.positions import AFTER_CHANGES, StandbyState, position_after
from persistence.engine.standbys import Standby, Standbys
from persistence.sql.compiled_query import CompiledQuery, Row, Values
from persistence.sql.work import Work

Result = TypeVar("Result")

_AFTER_CHANGES = CompiledQuery(AFTER_CHANGES)


class StandbyQuery(CompiledQuery):
    """A statement that returns ``STANDBY_COLUMNS`` as well."""


class StandbyWork(Work):
    """A unit of work that reads from the first of ``candidates``, or from the primary.

    Only a ``StandbyQuery`` may run on a standby until ``accepts`` has returned true for its state.
    """

    def __init__(
        self,
        standbys: Standbys,
        candidates: Sequence[Standby],
        reader: StandbyReader,
        primary: sa.Engine,
    ) -> None:
        super().__init__(candidates[0].engines.autocommit, is_writing=False, is_transaction=False)
        self._standbys = standbys
        self._others = list(candidates[1:])
        self._reader = reader
        self._primary = primary
        self._is_accepted = False
        self.standby = candidates[0]

    @property
    def connection(self) -> sa.Connection:
        standby = self.standby
        if standby is not None and self._connection is None:
            try:
                return super().connection
            except SQLAlchemyError as error:
                self._fail(standby, error)
                return self.connection
        return super().connection

    def run(self, query: CompiledQuery, values: Values) -> list[Row]:
        standby = self.standby
        if standby is not None and not self._is_accepted and not isinstance(query, StandbyQuery):
            self.leave_standby()
        try:
            return super().run(query, values)
        except SQLAlchemyError as error:
            if standby is None or self.standby is not standby:
                raise
            self._fail(standby, error)
            return self.run(query, values)

    def execute(
        self, statement: sa.Executable, values: object = None
    ) -> sa.CursorResult[*tuple[object, ...]]:
        standby = self.standby
        if standby is not None and not self._is_accepted:
            self.leave_standby()
        try:
            return super().execute(statement, values)
        except SQLAlchemyError as error:
            if standby is None or self.standby is not standby:
                raise
            self._fail(standby, error)
            return self.execute(statement, values)

    def _leave_closed(self, error: DBAPIError) -> None:
        # A standby that was restarted may show less than before.
        if self.standby is not None:
            raise error
        super()._leave_closed(error)

    def is_on_standby(self) -> bool:
        """Whether the next statement runs on a standby."""
        return self.standby is not None

    def accepts(self, state: StandbyState) -> bool:
        """Whether rows that came with this state may be returned.

        If not, the unit of work has left the standby.
        """
        if self.standby is not None and self._standbys.accepts(self.standby, state, self._reader):
            self._is_accepted = True
            return True
        self._leave()
        return False

    def leave_standby(self) -> None:
        """Continue on the primary."""
        self._others.clear()
        self._leave()

    def _fail(self, standby: Standby, error: SQLAlchemyError) -> None:
        standby.report(error)
        self._leave()

    def _leave(self) -> None:
        """Continue on the primary; on another standby if the primary is known to be away.

        Once rows of a standby were accepted, another one could be behind them.
        """
        self.close()
        if self._others and not self._is_accepted and self._standbys.is_primary_away:
            self.standby = self._others.pop(0)
            self._engine = self.standby.engines.autocommit
        else:
            self.standby = None
            self._engine = self._primary


class NotingWork(Work):
    """A unit of work that passes the position after its changes to ``note``, then commits.

    An error of ``note`` undoes the changes.
    """

    def __init__(
        self, engine: sa.Engine, note: Callable[[Position], None], *, has_savepoints: bool
    ) -> None:
        super().__init__(engine, has_savepoints=has_savepoints)
        self._note = note
        self._is_noted = False

    def commit(self) -> None:
        self._pass_position()
        super().commit()

    def run_noting(self, work: Callable[[], Result]) -> Result:
        """Return the result of ``work``; note the position if it commits nothing.

        A refusal or a stored response also shows what was changed before.
        """
        try:
            result = work()
        except Refusal:
            with suppress(SQLAlchemyError):  # the transaction may have failed
                self._note_once()
            raise
        self._note_once()
        return result

    def _note_once(self) -> None:
        if not self._is_noted:
            self._pass_position()

    def _pass_position(self) -> None:
        [(timeline, xmax, own)] = _AFTER_CHANGES.rows(self, {})
        self._note(position_after(timeline, xmax, own))
        self._is_noted = True
