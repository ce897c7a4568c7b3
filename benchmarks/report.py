"""The results of a run as Markdown and JSON."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from benchmarks.results import Run, Spread
from benchmarks.servers import WAYBILL
from benchmarks.targets import Figures, Verdict, ratio, verdicts

_MEGABYTE = 1e6
_HEAD = (
    "| workload | server | requests/s | Waybill to it | p50 ms | p99 ms | errors | KB"
    " | server CPU ms | PostgreSQL CPU ms |"
)
_ANSWERS = {None: "not measured", True: "reached", False: "**missed**"}


def markdown(run: Run, figures: Figures) -> str:
    """The tables: loads by server, memory and starts, and targets."""
    parts = ["\n".join(_loads(run)), "\n".join(_processes(run))]
    return "\n\n".join([*parts, target_table(verdicts(run, figures))])


def target_table(verdicts: Iterable[Verdict]) -> str:
    """The table of the targets."""
    return (
        "\n".join(
            ["| Waybill | target | figure | |", "|---|---|---|---|", *map(_target_row, verdicts)]
        )
        + "\n"
    )


def write_json(file: Path, run: Run, figures: Figures, about: Mapping[str, Any]) -> None:
    """Write the results as JSON."""
    document = {
        "about": about,
        "loads": [result.summary() for result in run.results.values()],
        "peak_memory": run.memory,
        "start_seconds": run.starts,
        "figures": figures,
        "targets": list(verdicts(run, figures)),
    }
    file.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))


def _loads(run: Run) -> Iterator[str]:
    yield _HEAD
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for workload in dict.fromkeys(workload for _, workload in run.results):
        for (server, name), result in run.results.items():
            if name != workload:
                continue
            row = result.summary()
            cells = [
                workload,
                server,
                f"{row['requests_per_second']:.0f}",
                "" if server == WAYBILL.name else _ratio(run, workload, server),
                _short(row["p50"]),
                _short(row["p99"]),
                str(row["errors"]),
                f"{row['bytes'] / 1e3:.1f}",
                f"{row['server_cpu']:.2f}",
                f"{row['database_cpu']:.2f}",
            ]
            yield f"| {' | '.join(cells)} |"


def _ratio(run: Run, workload: str, server: str) -> str:
    return _with_spread(ratio(run, workload, server))


def _processes(run: Run) -> Iterator[str]:
    yield "| server | peak memory of a process, MB | start to ready, s |"
    yield "|---|---|---|"
    for server, memory in run.memory.items():
        starts = sorted(run.starts[server])
        yield f"| {server} | {memory / _MEGABYTE:.0f} | {starts[len(starts) // 2]:.2f} |"


def _target_row(verdict: Verdict) -> str:
    figure = _with_spread(verdict.figure)
    return f"| {verdict.name} | {verdict.target} | {figure} | {_ANSWERS[verdict.is_reached]} |"


def _with_spread(spread: Spread | None) -> str:
    """The median, with the quartiles unless all are equal."""
    if spread is None:
        return ""
    if spread.low == spread.median == spread.high:
        return _short(spread.median)
    return f"{_short(spread.median)} ({_short(spread.low)} to {_short(spread.high)})"


def _short(figure: float) -> str:
    """Three significant digits."""
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"
