"""Draws deploy/dashboard.json from the data of a Prometheus server, for docs/operations.

`python docs/pictures/dashboard.py URL MINUTES FILE`: runs the query of each panel over the last
minutes and draws it with Matplotlib. It is not Grafana, but has its queries, titles and units.
"""

import json
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

_DASHBOARD = Path(__file__).parents[2] / "deploy" / "dashboard.json"
_VARIABLES = {"$job": ".*", "$__rate_interval": "30s"}
_STEP = 5
_COLUMNS = 3
_LEGENDS = 6  # the largest series
_LEGEND = {"fontsize": 5.5, "loc": "upper left", "ncols": 2}
_UNITS = {"s": "seconds", "reqps": "1/s", "ops": "1/s", "bytes": "MB", "percentunit": "%"}
_SCALES = {"bytes": 1e-6, "percentunit": 100}


def main(url: str, minutes: str, file: str) -> None:
    """Draw all panels into ``file``."""
    panels = json.loads(_DASHBOARD.read_text())["panels"]
    plots = [panel for panel in panels if panel["type"] != "row"]
    rows = -(-len(plots) // _COLUMNS)
    plt.rcParams |= {"font.size": 7, "axes.titlesize": 8, "svg.hashsalt": "waybill"}
    figure, axes = plt.subplots(rows, _COLUMNS, figsize=(13, 2.1 * rows))
    for axis in axes.flat[len(plots) :]:
        axis.remove()
    for panel, axis in zip(plots, axes.flat, strict=False):
        _draw(panel, axis, url, float(minutes) * 60)
    figure.tight_layout(h_pad=0.6)
    figure.savefig(file, dpi=90)


def _draw(panel: dict[str, Any], axis: Any, url: str, seconds: float) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    scale = _SCALES.get(defaults["unit"], 1)
    series = [
        (_legend(target["legendFormat"], result["metric"]), result["values"])
        for target in panel["targets"]
        for result in _query(url, target["expr"], seconds)
    ]
    axis.set_title(panel["title"], loc="left", fontweight="bold")
    axis.set_ylabel(_UNITS.get(defaults["unit"], ""))
    series.sort(key=lambda named: -_highest(named[1]))
    for name, values in series:
        times = [datetime.fromtimestamp(float(at), UTC) for at, _ in values]
        axis.plot(times, [float(value) * scale for _, value in values], linewidth=1, label=name)
    highest = max((_highest(values) * scale for _, values in series), default=0)
    axis.set_ylim(0, highest * 1.5 or 1)  # with room for the legend
    axis.grid(alpha=0.3)
    axis.tick_params(axis="x", rotation=20)
    if series:
        axis.legend(
            axis.lines[:_LEGENDS], axis.get_legend_handles_labels()[1][:_LEGENDS], **_LEGEND
        )
    else:
        axis.text(0.5, 0.5, "no data", transform=axis.transAxes, ha="center")


def _query(url: str, expression: str, seconds: float) -> Any:
    for name, value in _VARIABLES.items():
        expression = expression.replace(name, value)
    now = time.time()
    options = {"query": expression, "start": now - seconds, "end": now, "step": _STEP}
    address = f"{url}/api/v1/query_range?{urllib.parse.urlencode(options)}"
    with urllib.request.urlopen(address) as response:  # noqa: S310 - the URL of the caller
        return json.load(response)["data"]["result"]


def _highest(values: Sequence[tuple[float, str]]) -> float:
    """The highest number; a division by zero gives none."""
    return max((number for _, value in values if isfinite(number := float(value))), default=0)


def _legend(template: str, labels: dict[str, str]) -> str:
    for name, value in labels.items():
        template = template.replace(f"{{{{{name}}}}}", value)
    return template


if __name__ == "__main__":
    main(*sys.argv[1:])
