"""What metrics, access log and traces cost: CPU of Waybill's list page, side by side.

`var/bench/venv/bin/python -m benchmarks.observability`, after `script/bench` has made the
environments. Traces need requirements/opentelemetry.txt in that of the servers, which script/venv
makes from the files of requirements/ that it is given:

    script/venv var/bench/waybill requirements/{main,demo,build,opentelemetry}.txt

All variants run at once on one database. In a turn, each gets the same short load, in a random
order; what counts is the median, over the turns, of its difference from the first. So other load of
the machine affects all alike. The time is that of the server's threads on a processor, in
nanoseconds, and has no waits.

Of two processes with the same code, one is often some percent faster for as long as it lives. So
each round starts new ones, and the result is the mean of the rounds with its standard error. One
variant is there twice, as a check.
"""

import asyncio
import os
import random
import subprocess
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import mean, median, stdev
from tempfile import TemporaryDirectory
from threading import Thread

from benchmarks import loader, servers, waybill
from benchmarks.fixture import make_fixture
from benchmarks.postgres import postgres
from benchmarks.servers import WAYBILL, Running, Server
from benchmarks.usage import run_nanoseconds
from benchmarks.workloads import Workload

_ORDERS = 1500
_CONNECTIONS = 4
_WARM_UP = 1000
# A process that waited for its turn is slow at first.
_WAKE_UP = 20
_OFF = "from benchmarks.without_observability import remove; remove(); "
_SERVE = "from handlers.cli.main import cli; cli()"
_LOG = {"WAYBILL_LOG_LEVEL": "INFO", "WAYBILL_LOG_FORMAT": "json"}
OFF = "nothing"

Costs = Mapping[str, list[float]]
"""Microseconds for a request in each turn, by the name of the variant."""


def main() -> None:
    """Measure all variants, and print microseconds of CPU for a request."""
    parser = ArgumentParser(
        prog="python -m benchmarks.observability", description=str(__doc__).partition("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--requests", type=int, default=100)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="waybill-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        database = stack.enter_context(postgres(folder))
        fixture = make_fixture(database, folder, _ORDERS, 1, with_peers=False)
        database.create(WAYBILL.database, WAYBILL.template)
        url = database.url(WAYBILL.database)
        variants = [*_variants(stack.enter_context(_collector()))]
        page = fixture.workloads.reads[0]
        rounds: list[Costs] = []
        for seed in range(options.rounds):
            with _all_running(variants, seed, url, folder) as running:
                rounds.append(_measure(running, page, options.turns, options.requests))
            _print(rounds)


@contextmanager
def _all_running(
    variants: Iterable[Server], seed: int, url: str, folder: Path
) -> Iterator[Mapping[str, Running]]:
    """New processes of all variants, with the same order of sets."""
    with ExitStack() as stack:
        yield {
            variant.name: stack.enter_context(
                servers.running(
                    replace(variant, settings={**variant.settings, "PYTHONHASHSEED": str(seed)}),
                    url,
                    servers.free_port(),
                    1,
                    folder / f"{variant.name}.log",
                )
            )
            for variant in variants
        }


def _measure(running: Mapping[str, Running], page: Workload, turns: int, requests: int) -> Costs:
    for started in running.values():
        _generate_load(started, page, _WARM_UP)
    costs: dict[str, list[float]] = {name: [] for name in running}
    for _ in range(turns):
        turn = {
            name: _microseconds(running[name], page, requests)
            for name in random.sample([*running], len(running))
        }
        for name, cost in turn.items():
            costs[name].append(cost)
    return costs


def _variants(collector: str) -> Iterator[Server]:
    def variant(name: str, code: str = _SERVE, **settings: str) -> Server:
        command = [waybill.PYTHON, "-c", code, "serve"]
        return Server(name, WAYBILL.database, command, settings=settings)

    yield variant(OFF, _OFF + _SERVE)
    yield variant(f"{OFF}, again", _OFF + _SERVE)
    yield variant("metrics")
    yield variant("metrics and access log", **_LOG)
    if not _has_opentelemetry():
        return
    for share in ("0.01", "1"):
        yield variant(
            f"metrics, access log, traces of {float(share):.0%}",
            **_LOG,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector,
            OTEL_TRACES_SAMPLER="parentbased_traceidratio",
            OTEL_TRACES_SAMPLER_ARG=share,
        )


def _has_opentelemetry() -> bool:
    command = [waybill.PYTHON, "-c", "import opentelemetry.sdk"]
    has_it = subprocess.run(command, capture_output=True, check=False).returncode == 0
    if not has_it:
        print("Without traces: requirements/opentelemetry.txt is not installed.")
    return has_it


def _microseconds(started: Running, page: Workload, requests: int) -> float:
    """The CPU of the server and its worker for one request."""
    _generate_load(started, page, _WAKE_UP)
    while True:
        before = run_nanoseconds(started.process.pid)
        _generate_load(started, page, requests)
        after = run_nanoseconds(started.process.pid)
        if before.keys() == after.keys():  # else the time of a thread that ended is missing
            return (sum(after.values()) - sum(before.values())) / requests / 1e3


def _generate_load(started: Running, page: Workload, requests: int) -> None:
    """In this process: to start another would take longer than a turn."""
    once = replace(page, requests=[page.requests[0]] * requests, is_once=True)
    plan = {
        "url": started.base_url,
        "workloads": [asdict(once)],
        "turns": [0],
        "seconds": float("inf"),
        "connections": _CONNECTIONS,
    }
    load = asyncio.run(loader.generate_load(plan))[""]
    if load["errors"] or load["requests"] != requests:
        raise RuntimeError(f"{load['errors']} of {requests} requests failed")


def _print(rounds: Sequence[Costs]) -> None:
    loads = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"{len(rounds)} rounds; load averages {loads}")
    base = mean(median(costs[OFF]) for costs in rounds)
    for variant in rounds[0]:
        # By turn, since the speed of the machine changes.
        more = [
            median(cost - off for cost, off in zip(costs[variant], costs[OFF], strict=True))
            for costs in rounds
        ]
        error = stdev(more) / len(more) ** 0.5 if len(more) > 1 else float("nan")
        print(
            f"{variant:40} {base + mean(more):6.1f} µs"
            f"  {mean(more):+6.1f} ± {error:.1f} µs  {mean(more) / base:+6.1%} ± {error / base:.1%}"
        )


class _Sink(BaseHTTPRequestHandler):
    """Accepts what exporters send."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


@contextmanager
def _collector() -> Iterator[str]:
    """A collector of traces on a port of its own; yields its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    main()
