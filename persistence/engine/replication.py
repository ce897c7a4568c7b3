"""What is known of a primary and its standbys, and whether a standby may be read."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from persistence.engine.positions import StandbyState

_FIRST = re.compile(
    r"\s*(?:(?:FIRST\s+)?(?P<count>[0-9]+)\s*\((?P<names>.*)\)|(?P<plain>.*))\s*", re.IGNORECASE
)

UNKNOWN = "the primary has not answered yet"
"""Why no standby is read at first."""


@dataclass(frozen=True, slots=True)
class PrimarySample:
    """The primary's log at one time, in seconds of the monotonic clock.

    ``synchronous``: the names of the standbys that every commit waits for.
    """

    timeline: int
    written: int
    at: float
    synchronous: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Limit:
    """What a standby must have to be read now."""

    sample: PrimarySample
    replayed: int


class Replication:
    """Compares standbys with samples of the primary.

    A standby may be read if it is on the primary's timeline and has replayed what the primary had
    written ``lag`` seconds ago. While the primary does not answer, the last samples are compared,
    for ``lag`` seconds: another server may be the primary by then. No standby is read once any
    server has been seen on a later timeline.
    """

    def __init__(self, lag: float) -> None:
        self.lag = lag
        self._samples: tuple[PrimarySample, ...] = ()  # replaced as a whole, for other threads
        self._limit: _Limit | None = None
        self._timelines: dict[str, int] = {}
        self._newest_timeline = 0
        self.is_primary_away = False

    def add(self, sample: PrimarySample) -> None:
        """Add a sample, which is later than all before."""
        self._samples = tuple(
            earlier
            for earlier in (*self._samples, sample)
            if earlier.timeline == sample.timeline and earlier.at >= sample.at - self.lag
        )
        self._limit = _Limit(sample, self._samples[0].written)
        self.is_primary_away = False

    def lose_primary(self) -> None:
        """Note that the primary does not answer."""
        self.is_primary_away = True

    def set_timeline(self, name: str, timeline: int) -> None:
        """Set the timeline of the server with this name.

        It counts until the next one is set, also while the server does not answer.
        """
        if self._timelines.get(name) != timeline:
            self._timelines = {**self._timelines, name: timeline}
            self._newest_timeline = max(self._timelines.values())

    def note_timeline(self, name: str, timeline: int | None) -> bool:
        """Note what a statement has found on a standby; return whether this is a later timeline.

        None: the server is no standby any more, so that it has begun one.
        """
        if timeline is None:
            timeline = 0 if self._limit is None else self._limit.sample.timeline + 1
        if timeline <= self._timelines.get(name, 0):
            return False
        self.set_timeline(name, timeline)
        return True

    def obstacle(self, state: StandbyState, now: float) -> str | None:
        """Return why a standby in this state must not be read; None if it may."""
        limit = self._limit
        if limit is None:
            return UNKNOWN
        timeline = limit.sample.timeline
        if now - limit.sample.at > self.lag:
            return f"the primary has not answered for {self.lag:g} seconds"
        if self._newest_timeline > timeline:
            return f"a server is on timeline {self._newest_timeline}, the primary on {timeline}"
        if state.timeline != timeline:
            return _difference(state.timeline, timeline)
        if state.replayed is None or state.replayed < limit.replayed:
            return f"it is more than {self.lag:g} seconds behind"
        return None

    def is_synchronous(self, name: str | None, now: float) -> bool:
        """Whether every commit waits for the standby with this name.

        The primary must have said so within the last ``lag`` seconds.
        """
        limit = self._limit
        return (
            limit is not None
            and now - limit.sample.at <= self.lag
            and name is not None
            and name.lower() in limit.sample.synchronous
        )

    def seconds_behind(self, state: StandbyState, now: float) -> float | None:
        """Return the age of the newest sample that the standby has replayed; None for none."""
        replayed = state.replayed or 0
        for sample in reversed(self._samples):
            if sample.timeline == state.timeline and sample.written <= replayed:
                return now - sample.at
        return None


def _difference(timeline: int | None, primary: int) -> str:
    if timeline is None:
        return "it is no standby"
    return f"its timeline is {timeline}, the primary's {primary}"


def waited_for(setting: str, synchronous: Collection[str]) -> frozenset[str]:
    """Return the names, in lower case, of the standbys that every commit waits for.

    ``setting`` is `synchronous_standby_names`, ``synchronous`` has the names of the standbys that
    are synchronous now. Empty unless the setting requires all of the standbys that it names:
    otherwise another standby could replace a slow one, and commits would no longer wait for that.
    """
    match = _FIRST.fullmatch(setting)
    if match is None or not setting.strip():
        return frozenset()
    listed = match["plain"] if match["count"] is None else match["names"]
    names = [name.strip().strip('"').lower() for name in listed.split(",")]
    count = int(match["count"] or 1)
    present = sorted(name.lower() for name in synchronous)
    return frozenset(names) if count == len(names) and sorted(names) == present else frozenset()
