"""The targets for Waybill, and whether a run reached them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.results import Measurement, Run, Spread
from benchmarks.servers import BASELINE, CONNEXION, DRF, FASTAPI, WAYBILL, WITHOUT_VALIDATION
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
    (LIST, BASELINE.name): 0.5,
    (DETAIL, FASTAPI.name): 16.0,
    (DETAIL, DRF.name): 22.0,
    (DETAIL, CONNEXION.name): 18.0,
    (DETAIL, BASELINE.name): 0.3,
    (OLD_ORDERS, FASTAPI.name): 5.0,
    (OLD_ORDERS, DRF.name): 7.0,
    (OLD_ORDERS, BASELINE.name): 0.25,
    (SELLER_ORDERS, FASTAPI.name): 3.0,
    (SELLER_ORDERS, DRF.name): 9.0,
    (CREATE, FASTAPI.name): 2.5,
    (COLD_LIST, FASTAPI.name): 3.0,
    (MIX, FASTAPI.name): 8.0,
}
"""The minimum ratio of Waybill's requests a second to a peer's, by workload and peer."""

AT_MOST_CPU = {CREATE: 5.0, APPROVE: 8.0, REJECT: 8.0, COMPLETE: 8.0}
"""The maximum milliseconds of server CPU for one request, by workload."""

AT_MOST_TIME = {CHANGED: 5.0, COLD_LIST: 15.0}
"""The maximum p50 at the client in milliseconds, by workload."""

VALIDATION = "validation of a list page, share of the server's CPU"
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

AT_LEAST_ISOLATED = {WORKERS: 1.7, IMPORT: 1000.0}
AT_MOST = {
    VALIDATION: 0.03,
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
"""Minimums and maximums of figures of Waybill only, by name."""

Figures = Mapping[str, Spread]


@dataclass(frozen=True)
class Verdict:
    """A target and its result; ``figure`` is None where the run did not measure it."""

    name: str
    target: str
    figure: Spread | None
    is_reached: bool | None


def verdicts(run: Run, figures: Figures) -> Iterator[Verdict]:
    """All targets, ratios to peers first; ``figures`` by the names above."""
    for (workload, peer), target in AT_LEAST.items():
        yield _at_least(f"{workload}, to {peer}", target, ratio(run, workload, peer))
    for workload, target in AT_MOST_CPU.items():
        spread = _of_waybill(run, workload, lambda measured: measured.cpu_of_request)
        yield _at_most(f"{workload}, ms of server CPU", target, spread)
    for workload, target in AT_MOST_TIME.items():
        spread = _of_waybill(run, workload, lambda measured: measured.load.p50)
        yield _at_most(f"{workload}, ms", target, spread)
    for name, target in AT_LEAST_ISOLATED.items():
        yield _at_least(name, target, figures.get(name))
    for name, target in AT_MOST.items():
        yield _at_most(name, target, figures.get(name))


def ratio(run: Run, workload: str, peer: str) -> Spread | None:
    """The ratio of Waybill's requests a second to the peer's; None where one was not measured."""
    pairs = run.pairs(workload, WAYBILL.name, peer)
    ratios = [own.load.rate / theirs.load.rate for own, theirs in pairs if theirs.load.rate]
    return Spread.of(ratios) if ratios else None


def validation(run: Run) -> dict[str, Spread]:
    """The share of a list page's CPU for response validation: 1 - (CPU without / CPU with)."""
    pairs = run.pairs(LIST, WAYBILL.name, WITHOUT_VALIDATION.name)
    ratios = [1 - other.cpu_of_request / own.cpu_of_request for own, other in pairs]
    return {VALIDATION: Spread.of(ratios)} if ratios else {}


def _of_waybill(run: Run, workload: str, figure: Callable[[Measurement], float]) -> Spread | None:
    result = run.results.get((WAYBILL.name, workload))
    return Spread.of([figure(turn) for turn in result.turns]) if result else None


def _at_least(name: str, target: float, figure: Spread | None) -> Verdict:
    is_reached = None if figure is None else figure.median >= target
    return Verdict(name, f"≥ {target:g}", figure, is_reached)


def _at_most(name: str, target: float, figure: Spread | None) -> Verdict:
    is_reached = None if figure is None else figure.median <= target
    return Verdict(name, f"≤ {target:g}", figure, is_reached)
