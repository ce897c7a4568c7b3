"""Load on a server from another process: wrk where it is installed, else the bundled loader."""

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
    """What came of some seconds of load; ``p50`` and ``p99`` in milliseconds."""

    requests: int
    seconds: float
    errors: int
    bytes: int
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return (self.requests - self.errors) / self.seconds


def put_load(base_url: str, workload: Workload | Mix, seconds: float, connections: int) -> Load:
    """Send the workload's requests on that many connections, unless it says on how many.

    What is sent once ends the load when there is no more of it. wrk sends what is one request.
    """
    connections = workload.connections or connections
    if isinstance(workload, Mix):
        mix = (workload.workloads, workload.turns)
        return put_mixed_load(base_url, *mix, seconds, connections)[_ALL]
    if WRK is None or workload.is_once or len(workload.requests) > 1:
        return put_mixed_load(base_url, [workload], [0], seconds, connections)[_ALL]
    command = [WRK, "--threads", "1", "--connections", str(connections), "--latency"]
    command += ["--duration", f"{max(1, round(seconds))}s", "--timeout", "20s"]
    for name, value in workload.headers.items():
        command += ["--header", f"{name}: {value}"]
    command.append(base_url + workload.path)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return parse_wrk(done.stdout)


def put_mixed_load(
    base_url: str,
    workloads: Sequence[Workload],
    turns: Sequence[int],
    seconds: float,
    connections: int,
) -> Mapping[str, Load]:
    """Load from the bundled loader: each connection sends the workloads of ``turns`` in a circle.

    Returns what came of each workload, by its name, and of all together, by an empty one.
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
    """Read what wrk prints; raises ValueError where something is missing."""
    total = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m), ([\d.]+)([KMG]?B) read", text)
    p50, p99 = (re.search(rf"{share}%\s+([\d.]+)(us|ms|s|m)\b", text) for share in (50, 99))
    if not (total and p50 and p99):
        raise ValueError(f"wrk said {text!r}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    failed = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    errors = sum(int(count) for found in (refused, failed) if found for count in found.groups())
    return Load(
        requests=int(total[1]),
        seconds=float(total[2]) * _UNITS[total[3]] / 1e3,
        errors=errors,
        bytes=round(float(total[4]) * _SIZES[total[5]]),
        p50=float(p50[1]) * _UNITS[p50[2]],
        p99=float(p99[1]) * _UNITS[p99[2]],
    )
