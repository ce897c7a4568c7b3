"""The bars that Waybill has to reach, and whether it did."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.rounds import Ratio, Run
from benchmarks.servers import CONNEXION, DRF, FASTAPI, LIMIT, UNJUDGED, WAYBILL
from benchmarks.workloads import CREATE, DETAIL, LIST, OLD_ORDERS, SELLER_ORDERS

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
}
"""By workload and peer, how many times as many requests a second Waybill answers, at least."""

JUDGING = "judging a list page, part of the server's CPU"
FIRST_READ = "first read of a changed order, ms"
START = "second start to ready, s"
MEMORY = "peak memory of one worker, MB"
BESIDE_WRITES = "p99 of reads, 20 % writes beside them, to p99 of reads alone"
WORKERS = "list page, 2 workers to 1"
GROWN_LIST = "list page, p50, 1,000,000 orders to 10,000"
GROWN_DETAIL = "detail, p50, 1,000,000 orders to 10,000"
GROWN_SELLER = "seller page 1, p50, 1,000,000 orders to 10,000"
FAR_PAGE = "seller page 1,000 to page 1"
FAR_CURSOR = "seller cursor page 1,000 to page 1"

AT_LEAST_ALONE = {WORKERS: 1.7}
AT_MOST = {
    FIRST_READ: 5.0,
    JUDGING: 0.03,
    START: 1.5,
    MEMORY: 130.0,
    BESIDE_WRITES: 2.0,
    GROWN_LIST: 1.3,
    GROWN_DETAIL: 1.3,
    GROWN_SELLER: 1.3,
    FAR_PAGE: 3.0,
    FAR_CURSOR: 1.2,
}
"""Figures of Waybill alone, by what they are."""


@dataclass(frozen=True)
class Verdict:
    """One bar; ``figure`` is None where it was not measured in this run.

    ``spread``: the quartiles of the turns, where there were turns.
    """

    name: str
    bar: str
    figure: float | None
    is_reached: bool | None
    spread: tuple[float, float] | None = None


def verdicts(run: Run, figures: Mapping[str, float]) -> Iterator[Verdict]:
    """All bars, those of the peers first; ``figures`` by the names above."""
    for (workload, peer), bar in AT_LEAST.items():
        yield _at_least(f"{workload}, to {peer}", bar, ratio(run, workload, peer))
    for name, bar in AT_LEAST_ALONE.items():
        yield _at_least(name, bar, figures.get(name))
    for name, bar in AT_MOST.items():
        figure = figures.get(name)
        yield Verdict(name, f"≤ {bar:g}", figure, None if figure is None else figure <= bar)


def ratio(run: Run, workload: str, peer: str) -> Ratio | None:
    """Waybill's requests a second to the peer's; None where one of the two was not measured."""
    pairs = run.pairs(workload, WAYBILL.name, peer)
    found = [own.load.rate / theirs.load.rate for own, theirs in pairs if theirs.load.rate]
    return Ratio.of(found) if found else None


def judging(run: Run) -> dict[str, float]:
    """The part of a list page's CPU that goes into judging it, by the servers with and without."""
    pairs = run.pairs(LIST, WAYBILL.name, UNJUDGED.name)
    found = [1 - other.cpu_of_request / own.cpu_of_request for own, other in pairs]
    return {JUDGING: Ratio.of(found).middle} if found else {}


def _at_least(name: str, bar: float, figure: Ratio | float | None) -> Verdict:
    if isinstance(figure, Ratio):
        spread = figure.low, figure.high
        return Verdict(name, f"≥ {bar:g}", figure.middle, figure.middle >= bar, spread)
    return Verdict(name, f"≥ {bar:g}", figure, None if figure is None else figure >= bar)
