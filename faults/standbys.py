"""Standbys are read while they fall behind, end and freeze."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from random import Random
from threading import Event, Lock
from time import monotonic, sleep

import httpx
import sqlalchemy as sa
from fakeredis import TcpFakeServer

from faults.debian import ProgramUnavailable
from faults.environment import Environment
from faults.failovers import catch_up, replicated_shop
from faults.findings import Finding
from faults.invariants import broken_at
from faults.pgbouncer import TRANSACTION, running_pgbouncer
from faults.scale import Scale
from faults.standby_clients import LINES, Shopper, reading
from faults.threads import running
from tests.support.replication import Node, Replicated
from tests.support.server import Server, free_port

_WORKERS = 2
_KINDS = ("cookies", "session", "key", "token")
_CLIENTS = 8
_SERVER_CONNECTIONS = 6
_MAX_PAUSE_SECONDS = 0.4
_FROZEN_SECONDS = 4.0
_COUNTED_SECONDS = 20.0
_CALM_SECONDS = 3.0
_SLOWEST_SECONDS = 4.5


def check_own_reads(environment: Environment, scale: Scale) -> Finding:
    """Change a line and read its order at once, while standbys stop and go on applying changes."""
    pairs = _Pairs(scale.own_reads, scale.time_factor)
    with replicated_shop(environment) as (servers, own):
        pairs.run_on(servers, own, own, _reading_standbys(servers))
    return pairs.finding(environment, "own changes read from standbys")


def check_applied_reads(environment: Environment, scale: Scale) -> Finding:
    """The same in the mode `applied`, where another client reads each change at once."""
    pairs = _Pairs(scale.applied_reads, scale.time_factor, by_others=True)
    with replicated_shop(environment) as (servers, own):
        primary, *standbys = servers.nodes
        names = ", ".join(node.name for node in standbys)
        primary.configure(synchronous_standby_names=f"FIRST {len(standbys)} ({names})")
        env = _reading_standbys(servers) | {"WAYBILL_DATABASE_READS": "applied"}
        pairs.run_on(servers, own, own, env)
    return pairs.finding(environment, "others' changes read from synchronous standbys")


def check_pooled_own_reads(environment: Environment, scale: Scale) -> Finding:
    """The same with PgBouncer in transaction mode in front of each server."""
    title = "own changes read from standbys behind PgBouncer"
    pairs = _Pairs(scale.own_reads // 5, scale.time_factor)
    try:
        with (
            replicated_shop(environment) as (servers, own),
            _pooled(servers) as (url, *read_urls),
            own.beside(url) as pooled,
        ):
            env = {
                "WAYBILL_DATABASE_READ_URL": _joined(read_urls),
                "WAYBILL_DATABASE_POOLER": "transaction",
            }
            pairs.run_on(servers, own, pooled, env)
    except ProgramUnavailable as error:
        pairs.failures.append(str(error))
    return pairs.finding(environment, title)


def check_failures(environment: Environment, scale: Scale) -> Finding:
    """End and freeze standbys one after the other: no read fails while the primary works."""
    interruptions = 0
    with replicated_shop(environment) as (servers, own):
        with own.serve(workers=_WORKERS, **_reading_standbys(servers)) as server:
            shoppers = _shoppers(own, server)
            catch_up(servers)
            with reading(shoppers) as reads:
                for _ in range(scale.standby_failures):
                    for standby in servers.nodes[1:]:
                        sleep(_CALM_SECONDS)
                        standby.stop("immediate")
                        sleep(_CALM_SECONDS)
                        standby.start()
                        sleep(_CALM_SECONDS)
                        with standby.frozen():
                            sleep(_FROZEN_SECONDS)
                        interruptions += 2
        failures = [failure for log in reads for failure in log.failures]
    refused = sum(log.statuses[503] for log in reads)
    slowest = max(log.longest_gap() for log in reads)
    if refused:
        failures.append(f"503 to {refused} reads")
    if slowest > _SLOWEST_SECONDS * scale.time_factor:
        failures.append(f"a read took {slowest:.1f} s")
    return Finding(
        title="standbys ended and frozen",
        database=environment.kind,
        count=interruptions,
        required=4 * scale.standby_failures,
        requirement="0 failed reads while the primary works",
        figures={
            "reads": sum(log.statuses[200] for log in reads),
            "status 503": refused,
            "slowest read s": slowest,
        },
        failures=tuple(failures),
    )


class _Pairs:
    """Changes that are read at once, by the client that made them or ``by_others``."""

    def __init__(self, required: int, time_factor: float, *, by_others: bool = False) -> None:
        self._by_others = by_others
        self.failures: list[str] = []
        self.by_kind: Counter[str] = Counter()
        self.stale = 0
        self.on_standbys = 0
        self._required = required
        self._time_factor = time_factor
        self._lock = Lock()

    def run_on(
        self, servers: Replicated, own: Environment, served: Environment, env: dict[str, str]
    ) -> None:
        """Run the pairs on a server of ``served``, with these settings and a Redis."""
        with _redis() as redis:
            env = env | {"WAYBILL_LIMITS_STORAGE": redis}
            with served.serve(workers=_WORKERS, **env) as server:
                reads = _warm_up(own, server)
                catch_up(servers)
                with _pausing(servers.nodes[1:]):
                    self.run(own, server)
        # On a busy machine a standby that is paused is seldom far enough.
        required = reads + self.count / len(_KINDS) / self._time_factor
        self.on_standbys = _look_ups(servers.nodes[1:], required)
        self.failures += broken_at(own.url)
        if self.on_standbys < required:
            self.failures.append(f"standbys looked up {self.on_standbys} callers only")

    def finding(self, environment: Environment, title: str) -> Finding:
        """The result."""
        whose = "another client's" if self._by_others else "a client's own"
        return Finding(
            title=title,
            database=environment.kind,
            count=self.count,
            required=self._required,
            requirement=f"0 stale reads of {whose} change; 0 other statuses than 200",
            figures={
                **self.by_kind,
                "stale": self.stale,
                "look-ups on standbys": self.on_standbys,
            },
            failures=tuple(self.failures),
        )

    @property
    def count(self) -> int:
        """The number of pairs."""
        return sum(self.by_kind.values())

    def run(self, own: Environment, server: Server) -> None:
        """Run clients of all kinds at once."""
        count = -(-self._required // _CLIENTS)
        clients = [
            partial(self._repeat, own, server, _KINDS[at % len(_KINDS)], count)
            for at in range(_CLIENTS)
        ]
        with ThreadPoolExecutor(_CLIENTS) as threads:
            for ended in [threads.submit(client) for client in clients]:
                ended.result()

    def _repeat(self, own: Environment, server: Server, kind: str, count: int) -> None:
        by = "cookies" if kind == "token" else kind
        shopper = Shopper(own, server, by, orders=-(-count // LINES))
        seller = own.client(server, own.seller_headers(shopper.seller))
        reader, reading_seller = shopper.client, seller
        if self._by_others:
            reader = shopper.new_client(by)
            reading_seller = own.client(server, own.seller_headers(shopper.seller))
        for order in shopper.orders:
            done: set[object] = set()
            for item in order.items[:count]:
                if kind == "token":
                    changed = seller.post(f"/api/i1/order-items/{item.uuid}/reject/")
                    done.add(str(item.uuid))
                    is_seen = _rejected(reading_seller, order.number) == done
                else:
                    changed = shopper.cancel(item.pk)
                    done.add(item.pk)
                    is_seen = shopper.cancelled(order.pk, reader) == done
                self._add(kind, changed, is_seen=is_seen)
            count -= LINES
        for client in (seller, reading_seller, shopper.client, reader):
            client.close()

    def _add(self, kind: str, changed: httpx.Response, *, is_seen: bool) -> None:
        with self._lock:
            self.by_kind[kind] += 1
            if changed.is_error:
                self.failures.append(f"{kind}: {changed.status_code} {changed.text[:200]}")
            elif not is_seen:
                self.stale += 1
                self.failures.append(f"{kind}: the change is not seen")


def _rejected(seller: httpx.Client, number: str) -> set[str]:
    """The ids of the rejected items of an order. Raises HTTPStatusError."""
    query = {"order__number": number, "status": "900", "limit": "100"}
    response = seller.get("/api/i1/order-items/", params=query).raise_for_status()
    return {item["id"] for item in response.json()["results"]}


def _shoppers(own: Environment, server: Server) -> list[Shopper]:
    """Shoppers that have changed an order, and so have a cookie with its position."""
    shoppers = [Shopper(own, server, "cookies") for _ in range(_CLIENTS)]
    for shopper in shoppers:
        shopper.cancel(shopper.orders[0].items[0].pk)
    return shoppers


def _warm_up(own: Environment, server: Server) -> int:
    """Read once by each of some connections, and wait until the standbys were checked.

    Returns the number of reads.
    """
    shoppers = _shoppers(own, server)
    for shopper in shoppers:
        shopper.cancelled(shopper.orders[0].pk, shopper.client)
    sleep(_CALM_SECONDS)
    return len(shoppers)


@contextmanager
def _pooled(servers: Replicated) -> Iterator[list[str]]:
    """The URL of a PgBouncer in front of each server."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(running_pgbouncer(node.url(), TRANSACTION, _SERVER_CONNECTIONS)).url
            for node in servers.nodes
        ]


def _joined(urls: Sequence[str]) -> str:
    """One URL with the hosts of all."""
    first, *others = map(sa.make_url, urls)
    hosts = ",".join(f"{url.host}:{url.port}" for url in (first, *others))
    return f"postgresql://{first.username}@{hosts}/{first.database}"


@contextmanager
def _pausing(standbys: list[Node]) -> Iterator[None]:
    """Pause and resume the standbys at random during the block."""
    ended = Event()

    def pause(standby: Node, rng: Random) -> None:
        while not ended.is_set():
            standby.execute("SELECT pg_wal_replay_pause()")
            sleep(rng.uniform(0, _MAX_PAUSE_SECONDS))
            standby.resume()
            sleep(rng.uniform(0, _MAX_PAUSE_SECONDS))

    pauses = [partial(pause, standby, Random(at)) for at, standby in enumerate(standbys)]
    with running(pauses, ended.set):
        yield


@contextmanager
def _redis() -> Iterator[str]:
    """The URL of a server that speaks Redis, within this process."""
    with (
        TcpFakeServer(("127.0.0.1", free_port()), server_type="redis") as server,
        running([server.serve_forever], server.shutdown),
    ):
        yield f"redis://127.0.0.1:{server.server_address[1]}"


def _reading_standbys(servers: Replicated) -> dict[str, str]:
    return {"WAYBILL_DATABASE_READ_URL": servers.url(*servers.nodes[1:])}


def _look_ups(standbys: Sequence[Node], required: float) -> int:
    """How many times callers were looked up on the standbys.

    PostgreSQL counts the statements of a connection when it ends, or after ten seconds without one.
    """
    until = monotonic() + _COUNTED_SECONDS
    while (count := sum(map(_counted_look_ups, standbys))) < required and monotonic() < until:
        sleep(0.2)
    return count


def _counted_look_ups(node: Node) -> int:
    [(count,)] = node.execute(
        "SELECT sum(idx_scan + seq_scan) FROM pg_stat_user_tables"
        " WHERE relname IN ('sessions', 'seller_tokens')",
        "shop",
    )
    return int(count)
