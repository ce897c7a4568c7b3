"""What a run gave, as Markdown and as JSON."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from benchmarks.bars import Figures, Verdict, ratio, verdicts
from benchmarks.results import Run, Spread
from benchmarks.servers import WAYBILL

_MEGABYTE = 1e6
_HEAD = (
    "| workload | server | requests/s | Waybill to it | p50 ms | p99 ms | errors | KB"
    " | server CPU ms | PostgreSQL CPU ms |"
)
_ANSWERS = {None: "not measured", True: "reached", False: "**missed**"}


def markdown(run: Run, figures: Figures) -> str:
    """The tables: every server under every load, memory and starts, and the bars."""
    parts = ["\n".join(_loads(run)), "\n".join(_processes(run))]
    return "\n\n".join([*parts, bar_table(verdicts(run, figures))])


def bar_table(found: Iterable[Verdict]) -> str:
    """The table of the bars."""
    return (
        "\n".join(["| Waybill | bar | figure | |", "|---|---|---|---|", *map(_bar, found)]) + "\n"
    )


def write_json(file: Path, run: Run, figures: Figures, about: Mapping[str, Any]) -> None:
    """The same as numbers."""
    document = {
        "about": about,
        "loads": [result.summary() for result in run.results.values()],
        "peak_memory": run.memory,
        "start_seconds": run.starts,
        "figures": figures,
        "bars": list(verdicts(run, figures)),
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


def _bar(verdict: Verdict) -> str:
    figure = _with_spread(verdict.figure)
    return f"| {verdict.name} | {verdict.bar} | {figure} | {_ANSWERS[verdict.is_reached]} |"


def _with_spread(found: Spread | None) -> str:
    """The median, and the quartiles where there was more than one turn."""
    if found is None:
        return ""
    if found.low == found.middle == found.high:
        return _short(found.middle)
    return f"{_short(found.middle)} ({_short(found.low)} to {_short(found.high)})"


def _short(figure: float) -> str:
    """Three digits that count."""
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"
