"""A failover without synchronous commit loses a change that clients have seen."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event
from time import monotonic, sleep

import httpx

from faults.environment import Environment
from faults.failovers import catch_up, reading_all, replicated_shop
from faults.findings import Finding
from faults.invariants import broken_at
from faults.scale import Scale
from faults.standby_clients import Shopper, cancelled_in, detail
from faults.threads import running
from tests.support.processes import wait_until
from tests.support.replication import Replicated

_WORKERS = 2
_OTHERS = 2  # clients that read all the time
_READS = 12  # on new connections, to reach every worker
_LAG_SECONDS = 2
_CALM_SECONDS = 1.0
_NOTICED_SECONDS = 2.0
_AGAIN_SECONDS = 0.1


def check(environment: Environment, scale: Scale) -> Finding:
    """Lose a change, with a promotion at once and with one that waits for the lag."""
    failures: list[str] = []
    noticed = [0.0]
    reads = after_lag = 0
    for _ in range(scale.lost_changes):
        for waits in (False, True):
            env = {"WAYBILL_DATABASE_READ_LAG": str(_LAG_SECONDS)} if waits else {}
            with replicated_shop(environment) as (servers, own):
                with own.serve(workers=_WORKERS, **reading_all(servers), **env) as server:
                    failover = _LossyFailover(servers, Shopper(own, server, "cookies"), waits=waits)
                    failover.run()
                failures += [*failover.failures, *broken_at(own.url)]
            reads += failover.reads
            after_lag += failover.after_lag
            noticed.append(failover.noticed)
    if max(noticed) > _NOTICED_SECONDS * scale.time_factor:
        failures.append(f"the lost change is read for {max(noticed):.1f} s after the promotion")
    return Finding(
        title="failover that loses a change",
        database=environment.kind,
        count=reads,
        required=8 * _READS * scale.lost_changes,
        requirement="0 responses with the lost change to the client that has changed something"
        " since; to others 0 after the promotion if that waits for WAYBILL_DATABASE_READ_LAG, else"
        " for 2 s at most",
        figures={
            "failovers": 2 * scale.lost_changes,
            "read by others after a promotion at once s": max(noticed),
            "requests of others after the lag": after_lag,
        },
        failures=tuple(failures),
    )


class _LossyFailover:
    """The first standby takes over without the last change, which the second standby has.

    It ``waits`` until the primary has been away for longer than the lag. ``noticed`` is for how
    long, in seconds, others were served the lost change after the promotion; ``after_lag``
    counts their requests after the lag.
    """

    def __init__(self, servers: Replicated, shopper: Shopper, *, waits: bool) -> None:
        self.failures: list[str] = []
        self.reads = self.after_lag = 0
        self.noticed = 0.0
        self._servers = servers
        self._waits = waits
        self._shopper = shopper
        self._other = shopper.new_client("cookies")
        self._watchers = [shopper.new_client("cookies") for _ in range(_OTHERS)]
        for client in (shopper.client, self._other, *self._watchers):
            client.headers["Connection"] = "close"  # each request may reach another worker
        self._order = shopper.orders[0]

    def run(self) -> None:
        """Lose a change, make another one, and compare what is served."""
        primary, chosen, ahead = self._servers.nodes
        first, lost, later = (item.pk for item in self._order.items[:3])
        self._shopper.cancel(first, self._other).raise_for_status()
        for watcher in self._watchers:
            self._shopper.cancel(first, watcher)  # it is refused, and sets the cookie
        catch_up(self._servers)
        chosen.stop()
        self._shopper.cancel(lost).raise_for_status()
        ahead.wait_for(primary)
        self._compare({first, lost}, self._shopper.client, self._other)
        with _watching(self._watchers, self._order.pk) as seen:
            primary.stop("immediate")
            ended = monotonic()
            chosen.start()
            if self._waits:
                sleep(max(0.0, ended + _LAG_SECONDS - monotonic()) + _CALM_SECONDS)
            chosen.promote()
            promoted = monotonic()
            wait_until(lambda: self._shopper.cancel(later).status_code == httpx.codes.OK)
            self._compare({first, later}, self._shopper.client)
            wait_until(lambda: self._is_seen({first, later}, self._other))
        self._evaluate(seen, lost, ended, promoted)
        self._compare({first, later}, self._shopper.client, self._other)
        ahead.stop()
        ahead.rewind(chosen)
        ahead.start()
        ahead.wait_for(chosen)
        self._compare({first, later}, self._shopper.client, self._other)

    def _evaluate(self, seen: Sequence["_Seen"], lost: int, ended: float, promoted: float) -> None:
        """Evaluate what others got, from the times of the primary's end and of the promotion."""
        allowed = ended + _LAG_SECONDS if self._waits else float("inf")
        self.after_lag = sum(response.began > allowed for response in seen)
        with_lost = [response for response in seen if lost in response.cancelled]
        self.noticed = max([0.0, *(response.began - promoted for response in with_lost)])
        wrong = sum(response.began > allowed for response in with_lost)
        if wrong:
            self.failures.append(f"{wrong} responses with the lost change after the lag")
        others = {response.status for response in seen} - {"200", "503"}
        if others:
            self.failures.append(f"responses to others: {others}")
        if not with_lost:
            self.failures.append("the lost change was not served before the failover")

    def _compare(self, expected: set[int], *clients: httpx.Client) -> None:
        for client in clients:
            for _ in range(_READS):
                seen = self._cancelled(client)
                self.reads += 1
                if seen != expected:
                    self.failures.append(f"lines {seen} are served as cancelled, not {expected}")

    def _is_seen(self, expected: set[int], client: httpx.Client) -> bool:
        """Whether all workers serve this."""
        return all(self._cancelled(client) == expected for _ in range(_READS))

    def _cancelled(self, client: httpx.Client) -> set[int]:
        """The lines that the order shows as cancelled; a 503 is repeated, as after a failover."""
        while True:
            try:
                return self._shopper.cancelled(self._order.pk, client)
            except httpx.HTTPStatusError as error:
                if error.response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    raise
                sleep(_AGAIN_SECONDS)


@dataclass(frozen=True)
class _Seen:
    """A response: when its request began, its status or the error, and the cancelled lines."""

    began: float
    status: str
    cancelled: frozenset[int] = frozenset()


@contextmanager
def _watching(clients: Sequence[httpx.Client], order_pk: int) -> Iterator[list[_Seen]]:
    """Have clients read an order all the time until the block ends."""
    seen: list[_Seen] = []
    ended = Event()
    path = detail(order_pk)

    def watch(client: httpx.Client) -> None:
        while not ended.is_set():
            began = monotonic()
            try:
                response = client.get(path)
            except httpx.TransportError as error:
                seen.append(_Seen(began, repr(error)))
                continue
            is_read = response.status_code == httpx.codes.OK
            lines = cancelled_in(response) if is_read else set()
            seen.append(_Seen(began, str(response.status_code), frozenset(lines)))

    with running([partial(watch, client) for client in clients], ended.set):
        yield seen
