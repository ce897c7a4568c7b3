"""The bars that Waybill has to reach, and whether it did."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.results import Measured, Run, Spread
from benchmarks.servers import CONNEXION, DRF, FASTAPI, LIMIT, UNJUDGED, WAYBILL
from benchmarks.workloads import (
    APPROVE,
    CHANGED,
    COLD_LIST,
    COMPLETE,
    CREATE,
    DETAIL,
    LIST,
    MIX,
    OLD_ORDERS,
    REJECT,
    SELLER_ORDERS,
)

AT_LEAST = {
    (LIST, FASTAPI.name): 25.0,
    (LIST, DRF.name): 35.0,
    (LIST, CONNEXION.name): 40.0,
    (LIST, LIMIT.name): 0.5,
    (DETAIL, FASTAPI.name): 16.0,
    (DETAIL, DRF.name): 22.0,
    (DETAIL, CONNEXION.name): 18.0,
    (DETAIL, LIMIT.name): 0.3,
    (OLD_ORDERS, FASTAPI.name): 5.0,
    (OLD_ORDERS, DRF.name): 7.0,
    (OLD_ORDERS, LIMIT.name): 0.25,
    (SELLER_ORDERS, FASTAPI.name): 3.0,
    (SELLER_ORDERS, DRF.name): 9.0,
    (CREATE, FASTAPI.name): 2.5,
    (COLD_LIST, FASTAPI.name): 3.0,
    (MIX, FASTAPI.name): 8.0,
}
"""By workload and peer, how many times as many requests a second Waybill answers, at least."""

AT_MOST_CPU = {CREATE: 5.0, APPROVE: 8.0, REJECT: 8.0, COMPLETE: 8.0}
"""By workload, the milliseconds of CPU that the server may use for one request."""

AT_MOST_TIME = {CHANGED: 5.0, COLD_LIST: 15.0}
"""By workload, the milliseconds that half of the requests may take at the client."""

JUDGING = "judging a list page, part of the server's CPU"
START = "script/serve, second start to ready, s"
LISTING = "waybill requests list, s of CPU"
IMPORT = "import into PostgreSQL, orders/s"
MEMORY = "peak memory of one worker, MB"
GROWTH = "memory of one worker in a long run, growth after its first tenth, MB"
BESIDE_WRITES = "p99 of reads, 20 % writes beside them, to p99 of reads alone"
WORKERS = "list page, 2 workers to 1"
GROWN_LIST = "list page, p50, 1,000,000 orders to 10,000"
GROWN_DETAIL = "detail, p50, 1,000,000 orders to 10,000"
GROWN_SELLER = "seller page 1, p50, 1,000,000 orders to 10,000"
FAR_PAGE = "seller page 1,000 to page 1"
FAR_CURSOR = "seller cursor page 1,000 to page 1"

AT_LEAST_ALONE = {WORKERS: 1.7, IMPORT: 1000.0}
AT_MOST = {
    JUDGING: 0.03,
    MEMORY: 130.0,
    GROWTH: 5.0,
    LISTING: 0.8,
    START: 1.5,
    BESIDE_WRITES: 2.0,
    GROWN_LIST: 1.3,
    GROWN_DETAIL: 1.3,
    GROWN_SELLER: 1.3,
    FAR_PAGE: 3.0,
    FAR_CURSOR: 1.2,
}
"""Figures of Waybill alone, by what they are."""

Figures = Mapping[str, Spread]


@dataclass(frozen=True)
class Verdict:
    """One bar; ``figure`` is None where it was not measured in this run."""

    name: str
    bar: str
    figure: Spread | None
    is_reached: bool | None


def verdicts(run: Run, figures: Figures) -> Iterator[Verdict]:
    """All bars, those of the peers first; ``figures`` by the names above."""
    for (workload, peer), bar in AT_LEAST.items():
        yield _at_least(f"{workload}, to {peer}", bar, ratio(run, workload, peer))
    for workload, bar in AT_MOST_CPU.items():
        found = _of_waybill(run, workload, lambda measured: measured.cpu_of_request)
        yield _at_most(f"{workload}, ms of server CPU", bar, found)
    for workload, bar in AT_MOST_TIME.items():
        found = _of_waybill(run, workload, lambda measured: measured.load.p50)
        yield _at_most(f"{workload}, ms", bar, found)
    for name, bar in AT_LEAST_ALONE.items():
        yield _at_least(name, bar, figures.get(name))
    for name, bar in AT_MOST.items():
        yield _at_most(name, bar, figures.get(name))


def ratio(run: Run, workload: str, peer: str) -> Spread | None:
    """Waybill's requests a second to the peer's; None where one of the two was not measured."""
    pairs = run.pairs(workload, WAYBILL.name, peer)
    found = [own.load.rate / theirs.load.rate for own, theirs in pairs if theirs.load.rate]
    return Spread.of(found) if found else None


def judging(run: Run) -> dict[str, Spread]:
    """The part of a list page's CPU that goes into judging it, by the servers with and without."""
    pairs = run.pairs(LIST, WAYBILL.name, UNJUDGED.name)
    found = [1 - other.cpu_of_request / own.cpu_of_request for own, other in pairs]
    return {JUDGING: Spread.of(found)} if found else {}


def _of_waybill(run: Run, workload: str, figure: Callable[[Measured], float]) -> Spread | None:
    result = run.results.get((WAYBILL.name, workload))
    return Spread.of([figure(each) for each in result.turns]) if result else None


def _at_least(name: str, bar: float, figure: Spread | None) -> Verdict:
    is_reached = None if figure is None else figure.middle >= bar
    return Verdict(name, f"≥ {bar:g}", figure, is_reached)


def _at_most(name: str, bar: float, figure: Spread | None) -> Verdict:
    is_reached = None if figure is None else figure.middle <= bar
    return Verdict(name, f"≤ {bar:g}", figure, is_reached)
