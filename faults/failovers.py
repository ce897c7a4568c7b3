"""The primary of a replicated PostgreSQL is killed, and a standby takes over."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

import httpx

from faults.environment import Environment
from faults.findings import Finding
from faults.invariants import broken_at
from faults.scale import Scale
from faults.standby_clients import Shopper, reading
from faults.writers import Writers, make_work
from tests.support.processes import wait_until
from tests.support.replication import Replicated, replicated

_QUORUM = "ANY 1 (n1, n2, n3)"
_WRITERS = 4
_WORKERS = 2
_LINES_OF_FAILOVER = 300
_PROMOTE_SECONDS = 1.0  # until the cluster's own tool has noticed
_READS_SECONDS = 2.0
_WRITES_SECONDS = 5.0
_AGAIN_SECONDS = 0.1
_GIVE_UP_SECONDS = 60.0
_CALM_SECONDS = 2.0
_NOTICED_SECONDS = 5.0
_PAGES = 12  # requests on new connections, to reach every worker


def check(environment: Environment, scale: Scale) -> Finding:
    """Kill the primary under writers and readers, promote a standby, and bring the old one back."""
    failures: list[str] = []
    reads_away, writes_away, on_standbys = [0.0], [0.0], [0.0]
    with replicated_shop(environment, is_durable=True) as (servers, own):
        for node in servers.nodes:
            node.configure(synchronous_standby_names=_QUORUM)
        work = make_work(own, _LINES_OF_FAILOVER * scale.failovers)
        with own.serve(workers=_WORKERS, **_reading_all(servers)) as server:
            shoppers = [Shopper(own, server, by) for by in ("cookies", "session", "key")]
            catch_up(servers)
            shoppers[0].cancel(shoppers[0].orders[0].items[0].pk)  # it gets its cookie
            writers = Writers(own, server, work)
            with writers.running(_WRITERS), reading(shoppers) as reads:
                for _ in range(scale.failovers):
                    writers.wait_for_write(_GIVE_UP_SECONDS)
                    killed = _kill_primary(servers)
                    away = writers.wait_for_write(_GIVE_UP_SECONDS)
                    writes_away.append(monotonic() - killed if away else float("inf"))
                    _bring_back(servers)
                    sleep(_CALM_SECONDS)
                    reads_away += [log.longest_gap(killed) for log in reads]
                    on_standbys.append(reads[0].longest_gap(killed))
        failures += [failure for log in reads for failure in log.failures]
        failures += [*writers.log.failures, *writers.lost_or_duplicated(), *broken_at(own.url)]
    limits = {"reads": (reads_away, _READS_SECONDS), "writes": (writes_away, _WRITES_SECONDS)}
    for name, (away_seconds, limit) in limits.items():
        if max(away_seconds) > limit * scale.time_factor:
            failures.append(f"{name} are away for {max(away_seconds):.1f} s")
    log = writers.log
    return Finding(
        title="failover with a quorum",
        database=environment.kind,
        count=len(writes_away) - 1,
        required=scale.failovers,
        requirement="0 acknowledged writes lost; reads back within 2 s of the kill, writes within"
        " 5 s; only 503 with Retry-After in between",
        figures={
            "acknowledged": len(log.acknowledged),
            "status 503 writes": log.writes[503],
            "status 503 reads": log.reads[503] + sum(one.statuses[503] for one in reads),
            "reads": log.reads[200] + sum(one.statuses[200] for one in reads),
            "reads away s": max(reads_away),
            "writes away s": max(writes_away),
            "reads of standbys away s": max(on_standbys),
        },
        failures=tuple(failures),
    )


def check_lost_changes(environment: Environment, scale: Scale) -> Finding:
    """Lose a change in a failover without synchronous commit, after clients have seen it."""
    failures: list[str] = []
    noticed = [0.0]
    pages = 0
    for _ in range(scale.lost_changes):
        with replicated_shop(environment) as (servers, own):
            with own.serve(workers=_WORKERS, **_reading_all(servers)) as server:
                failover = _LossyFailover(servers, Shopper(own, server, "cookies"))
                failover.run()
            pages += failover.pages
            noticed.append(failover.noticed)
            failures += [*failover.failures, *broken_at(own.url)]
    if max(noticed) > _NOTICED_SECONDS * scale.time_factor:
        failures.append(f"a standby with the lost change is read for {max(noticed):.1f} s")
    return Finding(
        title="failover that loses a change",
        database=environment.kind,
        count=pages,
        required=4 * _PAGES * scale.lost_changes,
        requirement="0 responses with the lost change to the client that has changed something"
        " since, and to others once the servers were checked",
        figures={"failovers": scale.lost_changes, "read by others s": max(noticed)},
        failures=tuple(failures),
    )


class _LossyFailover:
    """The first standby takes over without the last change, which the second standby has.

    ``noticed`` is how long, in seconds, the second one was read by other clients.
    """

    def __init__(self, servers: Replicated, shopper: Shopper) -> None:
        self.failures: list[str] = []
        self.pages = 0
        self.noticed = 0.0
        self._servers = servers
        self._shopper = shopper
        self._other = shopper.new_client("cookies")
        for client in (shopper.client, self._other):
            client.headers["Connection"] = "close"  # each request may reach another worker
        self._order = shopper.orders[0]

    def run(self) -> None:
        """Lose a change, make another one, and compare what is served."""
        primary, chosen, ahead = self._servers.nodes
        first, lost, later = (item.pk for item in self._order.items[:3])
        self._shopper.cancel(first, self._other).raise_for_status()
        catch_up(self._servers)
        chosen.stop()
        self._shopper.cancel(lost).raise_for_status()
        ahead.wait_for(primary)
        self._compare({first, lost}, self._shopper.client, self._other)
        primary.stop("immediate")
        chosen.start()
        chosen.promote()
        wait_until(lambda: self._shopper.cancel(later).status_code == httpx.codes.OK)
        written = monotonic()
        self._compare({first, later}, self._shopper.client)
        wait_until(lambda: self._is_seen({first, later}, self._other))
        self.noticed = monotonic() - written
        self._compare({first, later}, self._shopper.client, self._other)
        ahead.stop()
        ahead.rewind(chosen)
        ahead.start()
        ahead.wait_for(chosen)
        self._compare({first, later}, self._shopper.client, self._other)

    def _compare(self, expected: set[int], *clients: httpx.Client) -> None:
        for client in clients:
            for _ in range(_PAGES):
                seen = self._cancelled(client)
                self.pages += 1
                if seen != expected:
                    self.failures.append(f"lines {seen} are served as cancelled, not {expected}")

    def _is_seen(self, expected: set[int], client: httpx.Client) -> bool:
        """Whether all workers serve this."""
        return all(self._cancelled(client) == expected for _ in range(_PAGES))

    def _cancelled(self, client: httpx.Client) -> set[int]:
        """The lines that the order shows as cancelled; a 503 is repeated, as after a failover."""
        while True:
            try:
                return self._shopper.cancelled(self._order.pk, client)
            except httpx.HTTPStatusError as error:
                if error.response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    raise
                sleep(_AGAIN_SECONDS)


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


def _reading_all(servers: Replicated) -> dict[str, str]:
    """Settings that name all servers for reads: which one is the primary changes."""
    return {"WAYBILL_DATABASE_READ_URL": servers.url()}


def catch_up(servers: Replicated) -> None:
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
