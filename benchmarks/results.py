"""What was measured, turn by turn."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load import Load


@dataclass(frozen=True)
class Measured:
    """One server under one load in one turn; CPU seconds by server and by PostgreSQL."""

    load: Load
    server_cpu: float = 0.0
    database_cpu: float = 0.0

    @property
    def cpu_of_request(self) -> float:
        """CPU milliseconds of the server for one request."""
        return self.server_cpu * 1e3 / max(1, self.load.requests)


@dataclass
class Result:
    """All turns of one server under one load, in their order."""

    server: str
    workload: str
    turns: list[Measured] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Good answers a second, the median of the turns."""
        return statistics.median(each.load.rate for each in self.turns)

    @property
    def errors(self) -> int:
        """Of all turns together."""
        return sum(each.load.errors for each in self.turns)

    def summary(self) -> dict[str, Any]:
        """The figures of the table: milliseconds, bytes and CPU milliseconds of one request."""
        loads = [each.load for each in self.turns]
        middle = statistics.median
        return {
            "server": self.server,
            "workload": self.workload,
            "requests_per_second": self.rate,
            "least": min(load.rate for load in loads),
            "most": max(load.rate for load in loads),
            "p50": middle(load.p50 for load in loads),
            "p99": middle(load.p99 for load in loads),
            "errors": self.errors,
            "bytes": middle(load.bytes / max(1, load.requests) for load in loads),
            "server_cpu": middle(each.cpu_of_request for each in self.turns),
            "database_cpu": middle(
                each.database_cpu * 1e3 / max(1, each.load.requests) for each in self.turns
            ),
        }


@dataclass(frozen=True)
class Spread:
    """The median of what the turns gave, and the quartiles around it."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, found: Sequence[float]) -> "Spread":
        """Of one turn or more."""
        if len(found) == 1:
            return cls(found[0], found[0], found[0])
        low, middle, high = statistics.quantiles(found, n=4, method="inclusive")
        return cls(middle, low, high)


@dataclass
class Run:
    """What all rounds gave; memory in bytes and times in seconds, by server."""

    results: dict[tuple[str, str], Result] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    starts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, server: str, workload: str, measured: Measured) -> None:
        """Keep what one turn gave."""
        empty = Result(server, workload)
        self.results.setdefault((server, workload), empty).turns.append(measured)

    def pairs(self, workload: str, one: str, other: str) -> list[tuple[Measured, Measured]]:
        """What both gave in each turn; empty where one of the two was not measured."""
        found = [self.results.get((server, workload)) for server in (one, other)]
        if found[0] is None or found[1] is None:
            return []
        return list(zip(found[0].turns, found[1].turns, strict=True))
