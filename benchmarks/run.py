"""`script/bench`: Waybill beside other servers, on this machine."""

import platform
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks import isolated, load, long, pgbench, targets, waybill
from benchmarks.documents import ITEMS
from benchmarks.fixture import Fixture, compare_responses, make_fixture
from benchmarks.growth import MANY, growth
from benchmarks.postgres import Postgres, postgres
from benchmarks.report import markdown, target_table, write_json
from benchmarks.results import Run, Spread
from benchmarks.rounds import Effort, measure

_OUTPUT = waybill.ROOT / "var" / "bench" / "results"
_QUICK = {"orders": 1500, "supply": 1500, "rounds": 1, "turns": 3, "seconds": 1}


def main() -> None:
    """Fill all databases, compare all responses, measure, and print the tables."""
    options = _options()
    effort = Effort(
        options.rounds, options.turns, options.seconds, options.connections, options.workers
    )
    with TemporaryDirectory(prefix="waybill-bench-") as name, postgres(Path(name)) as server:
        folder = Path(name)
        _log(f"Filling the databases with {options.orders} orders …")
        if options.long:
            _long(server, folder, options)
            return
        fixture = make_fixture(server, folder, options.orders, options.supply)
        _log("Comparing the responses …")
        sizes = compare_responses(fixture)
        _log(f"All servers give the same JSON: {sizes}")
        run = _measure(fixture, effort)
        figures = _figures(fixture, effort, run, is_quick=options.quick)
        if options.growth:
            _log(f"Growing to {MANY:,} orders …")
            figures |= growth(fixture, options.seconds)
    _write(run, figures, _about(options, sizes))


def _options() -> Namespace:
    parser = ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small run, in four to six minutes")
    parser.add_argument(
        "--growth", action="store_true", help="also with a million orders: minutes more"
    )
    parser.add_argument(
        "--long",
        type=int,
        nargs="?",
        const=long.REQUESTS,
        metavar="REQUESTS",
        help=f"only measure how the memory of a worker grows; default: {long.REQUESTS} requests",
    )
    parser.add_argument("--minutes", type=float, default=30, help="of a long run, at most")
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--supply", type=int, default=6_000, help="items that can be cancelled")
    parser.add_argument("--rounds", type=int, default=3, help="fresh databases and processes")
    parser.add_argument("--turns", type=int, default=5, help="of each load, in each round")
    parser.add_argument("--seconds", type=int, default=2, help="of each turn")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1, help="of each server")
    options = parser.parse_args()
    if options.quick:
        vars(options).update(_QUICK)
    if options.long:
        options.supply = long.supply(options.long)
        options.orders += options.supply // ITEMS
    return options


def _long(server: Postgres, folder: Path, options: Namespace) -> None:
    fixture = make_fixture(server, folder, options.orders, options.supply, with_peers=False)
    _log(f"Sending {options.long} requests, for {options.minutes:g} minutes at most …")
    samples = long.long_run(fixture, options.long, options.connections, options.minutes * 60)
    [verdict] = [
        verdict
        for verdict in targets.verdicts(Run(), long.memory_growth(samples))
        if verdict.figure
    ]
    print(long.markdown(samples), target_table([verdict]), sep="\n")


def _measure(fixture: Fixture, effort: Effort) -> Run:
    if pgbench.PGBENCH is None:
        _log("There is no pgbench on PATH: the database alone is not measured.")
    run = Run()
    for done, run in enumerate(measure(fixture, effort), start=1):  # noqa: B007 - the last one
        _log(f"Round {done} of {effort.rounds} is done.")
    return run


def _figures(fixture: Fixture, effort: Effort, run: Run, *, is_quick: bool) -> dict[str, Spread]:
    _log("Measuring figures of Waybill only …")
    figures = isolated.process_figures(run) | targets.validation(run) | isolated.listing(fixture)
    if not is_quick:
        figures |= isolated.reads_beside_writes(fixture, effort)
        figures |= isolated.second_worker(fixture, effort)
        figures |= isolated.imports(fixture, effort)
        figures |= isolated.second_start(fixture)
    return figures


def _about(options: Namespace, sizes: Mapping[str, int]) -> dict[str, Any]:
    return {
        "options": vars(options),
        "response_bytes": dict(sizes),
        "cpus": psutil.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load_from": "wrk" if load.WRK else "benchmarks.loader",
    }


def _write(run: Run, figures: targets.Figures, about: Mapping[str, Any]) -> None:
    _OUTPUT.mkdir(parents=True, exist_ok=True)
    table = markdown(run, figures)
    (_OUTPUT / "results.md").write_text(table)
    write_json(_OUTPUT / "results.json", run, figures, about)
    print(table)
    _log(f"Written to {_OUTPUT}.")


def _log(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
