"""The bars that Waybill has to reach, and whether it did."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.rounds import Run
from benchmarks.servers import CONNEXION, DRF, FASTAPI, LIMIT, UNJUDGED, WAYBILL
from benchmarks.workloads import CREATE, DETAIL, LIST, OLD_ORDERS, SELLER_ORDERS

AT_LEAST = {
    (LIST, FASTAPI.name): 20.0,
    (LIST, DRF.name): 35.0,
    (LIST, CONNEXION.name): 40.0,
    (LIST, LIMIT.name): 0.4,
    (LIST, UNJUDGED.name): 0.97,
    (DETAIL, FASTAPI.name): 12.0,
    (DETAIL, DRF.name): 22.0,
    (DETAIL, CONNEXION.name): 18.0,
    (DETAIL, LIMIT.name): 0.3,
    (OLD_ORDERS, FASTAPI.name): 4.5,
    (OLD_ORDERS, DRF.name): 7.0,
    (OLD_ORDERS, LIMIT.name): 0.3,
    (SELLER_ORDERS, FASTAPI.name): 5.0,
    (SELLER_ORDERS, DRF.name): 8.0,
    (CREATE, FASTAPI.name): 2.0,
}
"""By workload and peer, how many times as many requests a second Waybill answers, at least."""

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
    START: 2.0,
    MEMORY: 150.0,
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
    """One bar; ``figure`` is None where it was not measured in this run."""

    name: str
    bar: str
    figure: float | None
    is_reached: bool | None


def verdicts(run: Run, figures: Mapping[str, float]) -> Iterator[Verdict]:
    """All bars, those of the peers first; ``figures`` by the names above."""
    for (workload, peer), bar in AT_LEAST.items():
        yield _at_least(f"{workload}, to {peer}", bar, ratio(run, workload, peer))
    for name, bar in AT_LEAST_ALONE.items():
        yield _at_least(name, bar, figures.get(name))
    for name, bar in AT_MOST.items():
        figure = figures.get(name)
        yield Verdict(name, f"≤ {bar:g}", figure, None if figure is None else figure <= bar)


def ratio(run: Run, workload: str, peer: str) -> float | None:
    """Waybill's requests a second to the peer's; None where one of the two was not measured."""
    own, theirs = run.rate(WAYBILL.name, workload), run.rate(peer, workload)
    return own / theirs if own is not None and theirs else None


def _at_least(name: str, bar: float, figure: float | None) -> Verdict:
    return Verdict(name, f"≥ {bar:g}", figure, None if figure is None else figure >= bar)
