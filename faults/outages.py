"""PostgreSQL is killed, restarted, frozen and disconnected while clients write."""

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

_TIMEOUT = 2  # seconds that the server waits for PostgreSQL
_WRITERS = 6
_LINES_OF_FAULT = 120
_RECOVERY_SECONDS = 10
# Without a timeout, a request would take as long as PostgreSQL is frozen.
_SLOWEST_SECONDS = 2.25 * _TIMEOUT
_CALM_SECONDS = 0.3

Fault = Callable[[Cluster], None]


def _freeze(postgres: Cluster) -> None:
    """Freeze PostgreSQL for longer than the statement timeout."""
    postgres.freeze(1.5 * _TIMEOUT)


_FAULTS: dict[str, Fault] = {
    "killed": Cluster.kill,
    "cut": Cluster.cut,
    "restarted": Cluster.restart,
    "frozen": _freeze,
    "cut again": Cluster.cut,
}


def check(environment: Environment, scale: Scale) -> Finding:
    """Break a PostgreSQL server of its own: other checks use that of the environment."""
    with cluster() as postgres, environment.beside(postgres.url) as own:
        own.database.migrate()
        work = make_work(own, _LINES_OF_FAULT * scale.database_faults)
        with own.serve(WAYBILL_DATABASE_TIMEOUT=str(_TIMEOUT)) as server:
            writers = Writers(own, server, work)
            with writers.running(_WRITERS):
                timeout = _RECOVERY_SECONDS * scale.time_factor
                recovery = dict(_break(postgres, writers, scale.database_faults, timeout))
        failures = [*writers.log.failures, *writers.lost_or_duplicated(), *broken_at(own.url)]
        failures += outbox_leaks(own)
    return _finding(environment, scale, writers, recovery, failures)


def _break(
    postgres: Cluster, writers: Writers, times: int, timeout: float
) -> Iterator[tuple[str, float]]:
    """Inject the faults; yield the name of each and the seconds until a write succeeded."""
    writers.wait_for_write(timeout)
    for number, (name, fault) in enumerate(islice(cycle(_FAULTS.items()), times), 1):
        fault(postgres)
        seconds = writers.wait_for_write(timeout)
        if seconds is None:
            writers.log.failures.append(f"{name}: no write succeeds within {timeout} s")
            return
        yield f"{number} {name}", seconds
        sleep(_CALM_SECONDS)


def _finding(
    environment: Environment,
    scale: Scale,
    writers: Writers,
    recovery: dict[str, float],
    failures: list[str],
) -> Finding:
    log = writers.log
    if not log.writes[503]:
        failures.append("no client was affected")
    if log.slowest > _SLOWEST_SECONDS * scale.time_factor:
        failures.append(f"a response took {log.slowest:.1f} s")
    return Finding(
        title="PostgreSQL killed, restarted, frozen and disconnected",
        database=environment.kind,
        count=len(recovery),
        required=scale.database_faults,
        requirement="no acknowledged write lost or duplicated; 503 with Retry-After; recovers",
        figures={
            "acknowledged": len(log.acknowledged),
            "status 503": log.writes[503] + log.reads[503],
            "reads": log.reads[200],
            "slowest response s": log.slowest,
            "slowest recovery s": max(recovery.values(), default=0.0),
        },
        failures=tuple(failures),
    )
