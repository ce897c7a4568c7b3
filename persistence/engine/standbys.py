"""The standbys that are read, and the threads that check them."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from os import getpid
from threading import Lock
from time import monotonic
from zlib import crc32

import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from domain.shared.monitoring import PoolUse
from domain.shared.positions import StandbyReader
from persistence.engine.engines import Engines, Pool, StandbyOptions, connect
from persistence.engine.failures import cause_of, is_lost_race
from persistence.engine.hosts import host_urls
from persistence.engine.intervals import Interval
from persistence.engine.measures import NO_MEASURES, Measures
from persistence.engine.positions import (
    OWN_TIMELINE,
    PRIMARY,
    STANDBY_COLUMNS,
    StandbyState,
    timeline_of,
)
from persistence.engine.repeating import Repeating
from persistence.engine.replication import UNKNOWN, PrimarySample, Replication, waited_for

logger = logging.getLogger(__name__)

POOL = "standbys"
"""The name of the connections to all standbys, beside ``engines.pool_names``."""

CHECK_SECONDS = 1.0
AWAY_CHECK_SECONDS = 0.2  # while the primary does not answer
_CHECKS_WITHIN_LAG = 4  # at least: standbys are not read without a sample for that long
# A standby answers in milliseconds, and the primary is there when it does not. Less than the time
# after which requests are refused since all threads wait.
TIMEOUT_SECONDS = 1.0
_PAUSE_SECONDS = 5.0

_STATE = sa.select(*STANDBY_COLUMNS, OWN_TIMELINE)
_NAME = sa.text("SELECT conninfo FROM pg_stat_wal_receiver")
# Two standbys with one name can't be distinguished.
_SYNCHRONOUS = sa.text(
    "SELECT application_name FROM pg_stat_replication"
    " GROUP BY 1 HAVING count(*) = 1 AND bool_and(sync_state = 'sync')"
)


@dataclass(frozen=True, slots=True)
class StandbyStatus:
    """The state of a standby, for reports.

    ``obstacle``: why it is not read; None if it is. ``seconds_behind``: how far it is behind the
    primary; None if that is unknown. ``reads``: the callers that were looked up there.
    ``refusals``: the callers for whom it was too far behind, or failed.
    """

    name: str
    obstacle: str | None
    seconds_behind: float | None
    reads: int
    refusals: int


class Standby:
    """One standby: its engines, and whether it is read."""

    def __init__(self, name: str, url: str, pool: Pool) -> None:
        self.name = name
        self.engines: Engines = connect(url, pool)
        self.obstacle: str | None = UNKNOWN
        self.state: StandbyState | None = None
        self._received: int | None = None
        self.is_receiving = False
        self.reads = 0
        self.refusals = 0
        self.measures: Measures = NO_MEASURES
        self._probe = connect(url, replace(pool, size=1))
        self._since_failure = Interval()

    def probe(self) -> tuple[StandbyState, str | None, int | None]:
        """Return its state; the name that the primary knows it by, if that may be seen; and its
        timeline, if it is no standby.
        """
        with self._probe.autocommit.connect() as connection:
            row = connection.execute(_STATE).one()
            conninfo = connection.execute(_NAME).scalar()
        options = conninfo_to_dict(conninfo or "")
        name = options.get("application_name") or options.get("fallback_application_name")
        own = None if row.own is None else timeline_of(row.own)
        return StandbyState(row[0], row[1], row[2]), None if name is None else str(name), own

    def resolve(self, state: StandbyState) -> StandbyState:
        """Return the state with the timeline that was received last.

        A standby that receives nothing, since the primary is away, stays on its timeline. After a
        restart it may be on another one, but then a check has failed, and this one was forgotten.
        """
        timeline = state.timeline
        if timeline is None:
            return state
        if timeline > 0:
            self._received = timeline
            self.is_receiving = True
            return state
        self.is_receiving = False
        return replace(state, timeline=self._received or -timeline)

    def set_checked(self, obstacle: str | None) -> None:
        """Read it, unless there is an ``obstacle`` or a check failed some seconds ago."""
        if obstacle is None and self._since_failure.is_within(_PAUSE_SECONDS):
            return
        self.set_obstacle(obstacle)

    def report(self, error: BaseException) -> None:
        """Stop reading it after an error of a request, until the next check.

        An error that is due to a change that it had to apply does not count.
        """
        self.count(is_accepted=False)
        if not _is_conflict(error):
            self.set_obstacle(_failure(error))

    def fail(self, error: BaseException) -> None:
        """Stop reading it after an error of a check, for some seconds at least."""
        self._forget_state()
        self._since_failure.start()
        self.set_obstacle(_failure(error))

    def forget(self) -> None:
        """Do not read it before another check."""
        self.obstacle = UNKNOWN
        self._forget_state()

    def _forget_state(self) -> None:
        self.state = self._received = None
        self.is_receiving = False

    def count(self, *, is_accepted: bool) -> None:
        """Count a reader."""
        if is_accepted:
            self.reads += 1
            self.measures.standby_read(self.name)
        else:
            self.refusals += 1
            self.measures.standby_refusal(self.name)

    def set_obstacle(self, obstacle: str | None) -> None:
        """Do not read it until the next check, because of ``obstacle``; None: read it."""
        before, self.obstacle = self.obstacle, obstacle
        if before == obstacle:
            return
        if obstacle is None:
            logger.info("standby %s is read", self.name)
        else:
            logger.warning("standby %s is not read: %s", self.name, obstacle)

    def dispose(self) -> None:
        """Close its connections."""
        self.engines.dispose()
        self._probe.dispose()


class Standbys:
    """The standbys of one database, and what is known of its primary.

    A thread for each server checks it once a second, and more often while the primary does not
    answer. The threads start with ``start``, or with the first reader, since threads do not survive
    the fork of a server process.
    """

    def __init__(self, options: StandbyOptions, primary_url: str, pool: Pool) -> None:
        timeout = min(pool.timeout or TIMEOUT_SECONDS, TIMEOUT_SECONDS)
        reading = replace(pool, timeout=timeout, standbys=None)
        self._options = options
        self._standbys = [
            Standby(name, url, reading) for name, url in host_urls(options.url).items()
        ]
        self._primary = connect(primary_url, replace(reading, size=1))
        self._lock = Lock()
        self._begin()

    def _begin(self) -> None:
        self._replication = Replication(self._options.lag)
        for standby in self._standbys:
            standby.forget()
        self._pid = getpid()
        self._checks: Repeating | None = None

    def readable(self, reader: StandbyReader) -> list[Standby]:
        """Return the standbys that may be read, beginning with the one of this reader."""
        self.start()
        count = len(self._standbys)
        first = crc32(reader.key.encode()) % count
        standbys = (self._standbys[(first + at) % count] for at in range(count))
        return [standby for standby in standbys if standby.obstacle is None]

    @property
    def is_primary_away(self) -> bool:
        """Whether the primary did not answer at the last check."""
        return self._replication.is_primary_away

    @property
    def is_any_readable(self) -> bool:
        """Whether a standby may be read; starts the checks."""
        self.start()
        return any(standby.obstacle is None for standby in self._standbys)

    def accepts(self, standby: Standby, state: StandbyState, reader: StandbyReader) -> bool:
        """Whether rows that a statement read in this state may be returned to the reader."""
        was_receiving = standby.is_receiving
        state = standby.resolve(state)
        obstacle = self._replication.obstacle(state, monotonic())
        is_changed = was_receiving and not standby.is_receiving
        if obstacle is not None:
            standby.set_obstacle(obstacle)
            is_changed = self._replication.note_timeline(standby.name, state.timeline)
        if is_changed:
            self._check_now()  # the primary may be away, or be another server
        is_accepted = obstacle is None and state.position.includes(reader.seen)
        standby.count(is_accepted=is_accepted)
        return is_accepted

    def report_to(self, measures: Measures) -> None:
        """Count readers, and waits for connections, from now on."""
        waits = Measures(pool_wait=lambda _pool, seconds: measures.pool_wait(POOL, seconds))
        for standby in self._standbys:
            standby.measures = measures
            standby.engines.report_waits(waits)

    def pool_use(self) -> PoolUse:
        """The use of the connections to all standbys of this process, without the checks'."""
        uses = [
            use
            for standby in self._standbys
            for name, use in standby.engines.pool_use().items()
            if name != "documents"  # nothing is stored there
        ]
        return PoolUse(sum(use.in_use for use in uses), sum(use.size for use in uses))

    def statuses(self) -> list[StandbyStatus]:
        """Return all standbys, for reports; starts the checks."""
        self.start()
        now = monotonic()
        return [
            StandbyStatus(
                standby.name,
                standby.obstacle,
                self._seconds_behind(standby, now),
                standby.reads,
                standby.refusals,
            )
            for standby in self._standbys
        ]

    def _seconds_behind(self, standby: Standby, now: float) -> float | None:
        state = standby.state
        return None if state is None else self._replication.seconds_behind(state, now)

    def close(self) -> None:
        """Stop the threads and close all connections."""
        if self._pid == getpid() and self._checks is not None:
            self._checks.stop()
        self._begin()
        self._primary.dispose()
        for standby in self._standbys:
            standby.dispose()

    def check_primary(self) -> None:
        """Take a sample of the primary."""
        try:
            sample = self._sample()
        except SQLAlchemyError as error:
            self._primary.dispose()  # another server may be the primary
            if not self.is_primary_away:
                name = type(cause_of(error)).__name__
                logger.warning("the primary does not answer: %s", name)
            self._replication.lose_primary()
            return
        self._replication.add(sample)

    def check(self, standby: Standby) -> None:
        """Decide whether a standby is read."""
        try:
            state, name, own_timeline = standby.probe()
        except SQLAlchemyError as error:
            standby.fail(error)
            return
        standby.state = state = standby.resolve(state)
        timeline = own_timeline or state.timeline
        if timeline is not None:
            self._replication.set_timeline(standby.name, timeline)
        obstacle = self._replication.obstacle(state, monotonic())
        if obstacle is None and self._options.is_applied:
            obstacle = self._asynchronous(name)
        standby.set_checked(obstacle)

    def _sample(self) -> PrimarySample:
        at = monotonic()
        with self._primary.autocommit.connect() as connection:
            timeline, written, setting = connection.execute(PRIMARY).one()
            names: Iterable[str] = ()
            if self._options.is_applied:
                names = connection.execute(_SYNCHRONOUS).scalars().all()
        return PrimarySample(timeline_of(timeline), written, at, waited_for(setting, list(names)))

    def _asynchronous(self, name: str | None) -> str | None:
        if name is None:
            return "its name can not be seen: grant the role pg_monitor"
        if self._replication.is_synchronous(name, monotonic()):
            return None
        return f"commits do not wait for it (its name is {name})"

    def start(self) -> None:
        """Begin the checks in this process, unless they run."""
        if self._checks is not None and self._pid == getpid():
            return
        with self._lock:
            if self._pid != getpid():
                self._begin()
            if self._checks is None:
                checks = {"primary": self.check_primary}
                for standby in self._standbys:
                    checks[f"standby {standby.name}"] = partial(self.check, standby)
                self._checks = Repeating(checks, self._pause)
                self._checks.start()

    def _pause(self) -> float:
        if self.is_primary_away:
            return AWAY_CHECK_SECONDS
        return min(CHECK_SECONDS, self._options.lag / _CHECKS_WITHIN_LAG)

    def _check_now(self) -> None:
        if self._checks is not None:
            self._checks.run_now()


def _failure(error: BaseException) -> str:
    return f"it does not answer as it should ({type(cause_of(error)).__name__})"


def _is_conflict(error: BaseException) -> bool:
    """Whether a statement was ended so that the standby could apply a change."""
    return isinstance(error, DBAPIError) and is_lost_race(error)
