"""How far a server of PostgreSQL is: statements for primaries and for standbys.

A client's last change is noted as the position after its transaction. A standby includes it if the
snapshot of a statement on the standby has ``xmin`` at that position or later: all transactions
below have ended for this very statement. The position in the log (`pg_last_wal_replay_lsn()`) is
not enough: a statement evaluates it after it has taken its snapshot, so it can include a change
that the statement does not see.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.shared.positions import Position

_RECEIVER = sa.table("pg_stat_wal_receiver", sa.column("received_tli", sa.Integer))
_CONTROL = sa.func.pg_control_checkpoint().table_valued(sa.column("timeline_id", sa.Integer))
_START: sa.ColumnClause[Any] = sa.literal_column("'0/0'")  # pg_lsn has no conversion to a number
_TIMELINE = sa.case(
    (
        sa.func.pg_is_in_recovery(),
        # The timeline that is received is a descendant of the one that is replayed, or it would not
        # be received. Without a connection to the primary, or without the right to see it, the
        # last checkpoint has the timeline, or an earlier one; it gets a minus sign.
        sa.func.coalesce(
            sa.select(_RECEIVER.c.received_tli).scalar_subquery(),
            -sa.select(_CONTROL.c.timeline_id).scalar_subquery(),
        ),
    )
)


def _number(value: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.cast(sa.cast(value, sa.Text), sa.BigInteger)


def _bytes(position: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.pg_wal_lsn_diff(position, _START), sa.BigInteger)


STANDBY_COLUMNS: tuple[sa.ColumnElement[int], ...] = (
    sa.type_coerce(_TIMELINE, sa.Integer).label("standby_timeline"),
    _number(sa.func.pg_snapshot_xmin(sa.func.pg_current_snapshot())).label("standby_xmin"),
    _bytes(sa.func.pg_last_wal_replay_lsn()).label("standby_replayed"),
)
"""Columns of a statement on a standby: the values of ``StandbyState``, in their order."""

_HEX_TIMELINE = sa.func.left(sa.func.pg_walfile_name(sa.func.pg_current_wal_insert_lsn()), 8)
AFTER_CHANGES = sa.select(
    _HEX_TIMELINE.label("timeline"),
    _number(sa.func.pg_snapshot_xmax(sa.func.pg_current_snapshot())).label("xmax"),
    _number(sa.func.pg_current_xact_id_if_assigned()).label("own"),
)
"""On a primary, in a transaction: the values for ``position_after``."""

OWN_TIMELINE = sa.case((sa.not_(sa.func.pg_is_in_recovery()), _HEX_TIMELINE)).label("own")
"""The timeline of a server that is no standby, for ``timeline_of``; NULL on a standby."""

PRIMARY = sa.select(
    _HEX_TIMELINE.label("timeline"),
    _bytes(sa.func.pg_current_wal_flush_lsn()).label("written"),
    sa.func.current_setting("synchronous_standby_names").label("synchronous"),
)
"""On a primary: its timeline, the bytes of its log, and which standbys commits wait for."""


@dataclass(frozen=True, slots=True)
class StandbyState:
    """How far a standby was for one statement.

    ``timeline`` is None on a server that is no standby. It is negative if it is not received now,
    but that of the last checkpoint. ``replayed``: bytes of the log.
    """

    timeline: int | None
    xmin: int
    replayed: int | None

    @property
    def position(self) -> Position:
        """All that the statement sees."""
        return Position(self.timeline or 0, self.xmin)


def timeline_of(name: str) -> int:
    """Return the timeline in the name of a file of the log, which begins with it in hexadecimal."""
    return int(name[:8], 16)


def position_after(timeline: str, xmax: int, own: int | None) -> Position:
    """Return the position after the transaction, from the values of ``AFTER_CHANGES``.

    It is also after every change that the transaction has seen: a repeated request may change
    nothing itself, and its response shows what the first one changed.
    """
    return Position(timeline_of(timeline), max(xmax, (own or 0) + 1))
