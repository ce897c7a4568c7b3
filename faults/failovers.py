"""The primary of a replicated PostgreSQL is killed, and a standby takes over."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, sleep

from faults.environment import Environment
from faults.findings import Finding
from faults.invariants import broken_at
from faults.scale import Scale
from faults.standby_clients import Reads, Shopper, reading
from faults.writers import Writers, make_work
from tests.support.replication import Replicated, replicated

_QUORUM = "ANY 1 (n1, n2, n3)"
_WRITERS = 4
_WORKERS = 2
_LINES_OF_FAILOVER = 300
_PROMOTE_SECONDS = 1.0  # until the cluster's own tool has noticed
_READS_SECONDS = 2.0
_WRITES_SECONDS = 5.0
_GIVE_UP_SECONDS = 60.0
_CALM_SECONDS = 2.0


def check(environment: Environment, scale: Scale) -> Finding:
    """Kill the primary under writers and readers, promote a standby, and bring the old one back."""
    gaps = _Gaps()
    with replicated_shop(environment, is_durable=True) as (servers, own):
        for node in servers.nodes:
            node.configure(synchronous_standby_names=_QUORUM)
        work = make_work(own, _LINES_OF_FAILOVER * scale.failovers)
        with own.serve(workers=_WORKERS, **reading_all(servers)) as server:
            shoppers = [Shopper(own, server, by) for by in ("cookies", "session", "key")]
            catch_up(servers)
            shoppers[0].cancel(shoppers[0].orders[0].items[0].pk)  # it gets its cookie
            writers = Writers(own, server, work)
            with writers.running(_WRITERS), reading(shoppers) as reads:
                for _ in range(scale.failovers):
                    gaps.add(*_fail_over(servers, writers), reads)
        failures = [failure for log in reads for failure in log.failures]
        failures += [*writers.log.failures, *writers.lost_or_duplicated(), *broken_at(own.url)]
    failures += gaps.too_long(scale.time_factor)
    log = writers.log
    return Finding(
        title="failover with a quorum",
        database=environment.kind,
        count=len(gaps.writes),
        required=scale.failovers,
        requirement="0 acknowledged writes lost; reads back within 2 s of the kill, writes within"
        " 5 s; only 503 with Retry-After in between",
        figures={
            "acknowledged": len(log.acknowledged),
            "status 503 writes": log.writes[503],
            "status 503 reads": log.reads[503] + sum(one.statuses[503] for one in reads),
            "reads": log.reads[200] + sum(one.statuses[200] for one in reads),
            "reads away s": max(gaps.reads, default=0.0),
            "writes away s": max(gaps.writes, default=0.0),
            "reads of standbys away s": max(gaps.standby_reads, default=0.0),
        },
        failures=tuple(failures),
    )


@dataclass
class _Gaps:
    """The longest times, in seconds, without a response that succeeded.

    ``standby_reads``: those of the client that may read standbys at any time.
    """

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    standby_reads: list[float] = field(default_factory=list)

    def add(self, killed: float, writes: float, reads: Sequence[Reads]) -> None:
        """Add those of a failover, after the time at which the primary was killed."""
        self.writes.append(writes)
        self.reads += [log.longest_gap(killed) for log in reads]
        self.standby_reads.append(reads[0].longest_gap(killed))

    def too_long(self, time_factor: float) -> Iterator[str]:
        """Yield what was away for too long."""
        limits = {"reads": (self.reads, _READS_SECONDS), "writes": (self.writes, _WRITES_SECONDS)}
        for name, (gaps, limit) in limits.items():
            if (longest := max(gaps, default=0.0)) > limit * time_factor:
                yield f"{name} are away for {longest:.1f} s"


def _fail_over(servers: Replicated, writers: Writers) -> tuple[float, float]:
    """Replace the primary; return when it was killed, and the seconds to the next write."""
    writers.wait_for_write(_GIVE_UP_SECONDS)
    killed = _kill_primary(servers)
    is_back = writers.wait_for_write(_GIVE_UP_SECONDS)
    away = monotonic() - killed if is_back else float("inf")
    _bring_back(servers)
    sleep(_CALM_SECONDS)
    return killed, away


@contextmanager
def replicated_shop(
    environment: Environment, *, is_durable: bool = False
) -> Iterator[tuple[Replicated, Environment]]:
    """Three servers of PostgreSQL with a migrated database; other checks use the environment's."""
    with (
        replicated(2, is_durable=is_durable) as servers,
        environment.beside(servers.url()) as own,
    ):
        own.database.migrate()
        yield servers, own


def reading_all(servers: Replicated) -> dict[str, str]:
    """Settings that name all servers for reads: which one is the primary changes."""
    return {"WAYBILL_DATABASE_READ_URL": servers.url()}


def catch_up(servers: Replicated) -> None:
    """Wait until all standbys have applied what the primary has now."""
    primary, *standbys = servers.nodes
    for standby in standbys:
        standby.wait_for(primary)


def _kill_primary(servers: Replicated) -> float:
    """Kill the primary and promote the first standby; return the time of the kill."""
    primary, chosen, other = servers.nodes
    killed = monotonic()
    primary.stop("immediate")
    sleep(max(0.0, killed + _PROMOTE_SECONDS - monotonic()))
    chosen.promote()
    other.repoint(chosen)
    servers.nodes = [chosen, other, primary]
    return killed


def _bring_back(servers: Replicated) -> None:
    """Make the old primary a standby of the new one."""
    primary, _, old = servers.nodes
    old.rewind(primary)
    old.start()
