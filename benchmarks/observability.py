"""What metrics, access log and traces cost: CPU of Waybill's list page, side by side.

`python -m benchmarks.observability`, after `script/bench` has made the environments. All variants
run at once on one database and get load in turns, so that the machine affects all alike.
"""

import subprocess
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Thread

from benchmarks import servers, waybill
from benchmarks.fixture import make_fixture
from benchmarks.load import generate_load
from benchmarks.postgres import postgres
from benchmarks.servers import WAYBILL, Running, Server
from benchmarks.usage import cpu_seconds
from benchmarks.workloads import Workload

_ORDERS = 1500
_CONNECTIONS = 4
_OFF = "from benchmarks.without_observability import remove; remove(); "
_SERVE = "from handlers.cli.main import cli; cli()"
_LOG = {"WAYBILL_LOG_LEVEL": "INFO", "WAYBILL_LOG_FORMAT": "json"}
OFF = "nothing"


def main() -> None:
    """Measure all variants, and print microseconds of CPU for a request."""
    parser = ArgumentParser(prog="python -m benchmarks.observability", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="waybill-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        database = stack.enter_context(postgres(folder))
        fixture = make_fixture(database, folder, _ORDERS, 1, with_peers=False)
        database.create(WAYBILL.database, WAYBILL.template)
        url = database.url(WAYBILL.database)
        collector = stack.enter_context(_collector())
        running = {
            variant.name: stack.enter_context(
                servers.running(
                    variant, url, servers.free_port(), 1, folder / f"{variant.name}.log"
                )
            )
            for variant in _variants(collector)
        }
        page = fixture.workloads.reads[0]
        for started in running.values():
            _microseconds(started, page, options.seconds)
        costs: dict[str, list[float]] = {variant: [] for variant in running}
        for _ in range(options.rounds):
            for variant, started in running.items():
                costs[variant].append(_microseconds(started, page, options.seconds))
    _print(costs)


def _variants(collector: str) -> Iterator[Server]:
    def variant(name: str, code: str = _SERVE, **settings: str) -> Server:
        command = [waybill.PYTHON, "-c", code, "serve"]
        return Server(name, WAYBILL.database, command, settings=settings)

    yield variant(OFF, _OFF + _SERVE)
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


def _microseconds(started: Running, page: Workload, seconds: float) -> float:
    """The CPU of the server and its worker for one request."""
    before = cpu_seconds(started.process.pid)
    load = generate_load(started.base_url, page, seconds, _CONNECTIONS)
    if load.errors:
        raise RuntimeError(f"{load.errors} of {load.requests} requests failed")
    return (cpu_seconds(started.process.pid) - before) / load.requests * 1e6


def _print(costs: dict[str, list[float]]) -> None:
    base = costs[OFF]
    for variant, found in costs.items():
        # By round, since the speed of the machine changes.
        shares = [cost / off - 1 for cost, off in zip(found, base, strict=True)]
        low, _, high = quantiles(shares, n=4)
        print(
            f"{variant:45} {median(found):6.1f} µs"
            f"  {median(shares):+6.1%} (quartiles {low:+.1%} to {high:+.1%})"
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
