"""Generates load from another process: wrk where it is installed, else the bundled loader."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import orjson

from benchmarks import waybill
from benchmarks.workloads import Mix, Workload

WRK = shutil.which("wrk")
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
_SIZES = {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30}
_GRACE_SECONDS = 60
_ALL = ""


@dataclass(frozen=True)
class Load:
    """The result of a load; ``p50`` and ``p99`` in milliseconds."""

    requests: int
    seconds: float
    errors: int
    bytes: int
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Successful responses a second."""
        return (self.requests - self.errors) / self.seconds


def generate_load(
    base_url: str, workload: Workload | Mix, seconds: float, connections: int
) -> Load:
    """Send the workload's requests on its own number of connections, else on ``connections``.

    The load ends early when all requests to be sent once are sent. wrk sends single requests.
    """
    connections = workload.connections or connections
    if isinstance(workload, Mix):
        mix = (workload.workloads, workload.turns)
        return generate_mixed_load(base_url, *mix, seconds, connections)[_ALL]
    if WRK is None or workload.is_once or len(workload.requests) > 1:
        return generate_mixed_load(base_url, [workload], [0], seconds, connections)[_ALL]
    command = [WRK, "--threads", "1", "--connections", str(connections), "--latency"]
    command += ["--duration", f"{max(1, round(seconds))}s", "--timeout", "20s"]
    for name, value in workload.headers.items():
        command += ["--header", f"{name}: {value}"]
    command.append(base_url + workload.path)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return parse_wrk(done.stdout)


def generate_mixed_load(
    base_url: str,
    workloads: Sequence[Workload],
    turns: Sequence[int],
    seconds: float,
    connections: int,
) -> Mapping[str, Load]:
    """Run the bundled loader: each connection cycles through the workloads of ``turns``.

    Returns a load for each workload by name, and for all together by an empty name.
    """
    plan = {
        "url": base_url,
        "workloads": [asdict(workload) for workload in workloads],
        "turns": list(turns),
        "seconds": seconds,
        "connections": connections,
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.loader"],
        cwd=waybill.ROOT,
        input=orjson.dumps(plan, default=bytes.decode),
        check=True,
        stdout=subprocess.PIPE,
        timeout=seconds + _GRACE_SECONDS,
    )
    return {name: Load(**values) for name, values in orjson.loads(done.stdout).items()}


def parse_wrk(text: str) -> Load:
    """Parse the output of wrk; raises ValueError where something is missing."""
    total = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m), ([\d.]+)([KMG]?B) read", text)
    p50, p99 = (re.search(rf"{share}%\s+([\d.]+)(us|ms|s|m)\b", text) for share in (50, 99))
    if not (total and p50 and p99):
        raise ValueError(f"unexpected output of wrk: {text!r}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    failed = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    errors = sum(int(count) for match in (refused, failed) if match for count in match.groups())
    return Load(
        requests=int(total[1]),
        seconds=float(total[2]) * _UNITS[total[3]] / 1e3,
        errors=errors,
        bytes=round(float(total[4]) * _SIZES[total[5]]),
        p50=float(p50[1]) * _UNITS[p50[2]],
        p99=float(p99[1]) * _UNITS[p99[2]],
    )
