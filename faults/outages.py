"""PostgreSQL is killed, restarted, frozen and cut off while clients write."""

from collections.abc import Callable, Iterator
from itertools import cycle, islice
from time import sleep

from faults.cluster import Cluster, cluster
from faults.environment import Environment
from faults.findings import Finding
from faults.invariants import broken_at
from faults.scale import Scale
from faults.secrets import outbox_leaks
from faults.writers import Writers, make_work

_TIMEOUT = 2  # seconds that the server waits for an answer of PostgreSQL
_WRITERS = 6
_LINES_OF_FAULT = 120
_HEALED_SECONDS = 10
# Without a deadline, whoever asks would wait as long as the server is frozen.
_SLOWEST_SECONDS = 2.25 * _TIMEOUT
_CALM_SECONDS = 0.3

Fault = Callable[[Cluster], None]


def _freeze(broken: Cluster) -> None:
    """For so long that whoever waits gives up."""
    broken.freeze(1.5 * _TIMEOUT)


_FAULTS: dict[str, Fault] = {
    "killed": Cluster.kill,
    "cut": Cluster.cut,
    "restarted": Cluster.restart,
    "frozen": _freeze,
    "cut again": Cluster.cut,
}


def check(environment: Environment, scale: Scale) -> Finding:
    """On a server of its own: other checks use that of the environment."""
    with cluster() as broken, environment.beside(broken.url) as own:
        own.database.migrate()
        work = make_work(own, _LINES_OF_FAULT * scale.database_faults)
        with own.serve(WAYBILL_DATABASE_TIMEOUT=str(_TIMEOUT)) as server:
            writers = Writers(own, server, work)
            with writers.running(_WRITERS):
                timeout = _HEALED_SECONDS * scale.time_factor
                healed = dict(_break(broken, writers, scale.database_faults, timeout))
        failures = [*writers.log.failures, *writers.lost_or_duplicated(), *broken_at(own.url)]
        failures += outbox_leaks(own)
    return _finding(environment, scale, writers, healed, failures)


def _break(
    broken: Cluster, writers: Writers, times: int, timeout: float
) -> Iterator[tuple[str, float]]:
    """Yield after how many seconds somebody could write again, by the fault and its number."""
    writers.wait_for_write(timeout)
    for number, (name, fault) in enumerate(islice(cycle(_FAULTS.items()), times), 1):
        fault(broken)
        seconds = writers.wait_for_write(timeout)
        if seconds is None:
            writers.log.failures.append(f"{name}: nobody can write {timeout} s later")
            return
        yield f"{number} {name}", seconds
        sleep(_CALM_SECONDS)


def _finding(
    environment: Environment,
    scale: Scale,
    writers: Writers,
    healed: dict[str, float],
    failures: list[str],
) -> Finding:
    log = writers.log
    if not log.writes[503]:
        failures.append("no client has noticed anything")
    if log.slowest > _SLOWEST_SECONDS * scale.time_factor:
        failures.append(f"an answer took {log.slowest:.1f} s")
    return Finding(
        title="PostgreSQL killed, restarted, frozen and cut off",
        database=environment.kind,
        count=len(healed),
        required=scale.database_faults,
        requirement="no acknowledged write lost or duplicated; 503 with Retry-After; recovers",
        figures={
            "acknowledged": len(log.acknowledged),
            "answered 503": log.writes[503] + log.reads[503],
            "read": log.reads[200],
            "slowest answer s": log.slowest,
            "slowest to heal s": max(healed.values(), default=0.0),
        },
        failures=tuple(failures),
    )
