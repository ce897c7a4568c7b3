"""Measurements by turn."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load import Load


@dataclass(frozen=True)
class Measurement:
    """A server under a load in one turn, with the CPU seconds of server and PostgreSQL."""

    load: Load
    server_cpu: float = 0.0
    database_cpu: float = 0.0

    @property
    def cpu_of_request(self) -> float:
        """Server CPU milliseconds for one request."""
        return self.server_cpu * 1e3 / max(1, self.load.requests)


@dataclass
class Result:
    """All turns of a server under a load, in order."""

    server: str
    workload: str
    turns: list[Measurement] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The median over turns of successful responses a second."""
        return statistics.median(turn.load.rate for turn in self.turns)

    @property
    def errors(self) -> int:
        """The number of errors in all turns."""
        return sum(turn.load.errors for turn in self.turns)

    def summary(self) -> dict[str, Any]:
        """The figures of the table: milliseconds, bytes and CPU milliseconds of one request."""
        loads = [turn.load for turn in self.turns]
        median = statistics.median
        return {
            "server": self.server,
            "workload": self.workload,
            "requests_per_second": self.rate,
            "least": min(load.rate for load in loads),
            "most": max(load.rate for load in loads),
            "p50": median(load.p50 for load in loads),
            "p99": median(load.p99 for load in loads),
            "errors": self.errors,
            "bytes": median(load.bytes / max(1, load.requests) for load in loads),
            "server_cpu": median(turn.cpu_of_request for turn in self.turns),
            "database_cpu": median(
                turn.database_cpu * 1e3 / max(1, turn.load.requests) for turn in self.turns
            ),
        }


@dataclass(frozen=True)
class Spread:
    """The median and the quartiles of values of turns."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of one value or more."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)


@dataclass
class Run:
    """The results of all rounds; memory in bytes and start times in seconds, by server."""

    results: dict[tuple[str, str], Result] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    starts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, server: str, workload: str, measured: Measurement) -> None:
        """Add the measurement of one turn."""
        empty = Result(server, workload)
        self.results.setdefault((server, workload), empty).turns.append(measured)

    def pairs(
        self, workload: str, first: str, second: str
    ) -> list[tuple[Measurement, Measurement]]:
        """The measurements of both servers by turn; empty where one was not measured."""
        values = [self.results.get((server, workload)) for server in (first, second)]
        if values[0] is None or values[1] is None:
            return []
        return list(zip(values[0].turns, values[1].turns, strict=True))
