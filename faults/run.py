"""`script/faults`: breaks what Waybill stands on, and says what of its promises held."""

import platform
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import psutil

from faults import (
    authorization,
    dropped_connections,
    exhausted_pool,
    full_disks,
    killed_workers,
    letters,
    outages,
    parallel_attempts,
    pooler,
    races,
    restores,
    silent_clients,
    slow_clients,
    steady_load,
    stops,
    suites,
    timing,
)
from faults.amounts import BESIDE, FULL, QUICK, Amounts
from faults.findings import Finding
from faults.lanes import BOTH, POSTGRES, SQLITE, Lane, Row, lane
from faults.report import markdown, write_json

_OUTPUT = Path(__file__).parents[1] / "var" / "faults"

ROWS: Sequence[Row] = (
    Row("exhausted-pool", exhausted_pool.check, alone=True),
    Row("killed-workers", killed_workers.check, alone=True),
    Row("bursts-of-kills", killed_workers.check_bursts, alone=True),
    Row("stops", stops.check, alone=True),
    Row("slow-clients", slow_clients.check, alone=True),
    Row("silent-clients", silent_clients.check, alone=True),
    Row("steady-load", steady_load.check, alone=True),
    Row("timing", timing.check, alone=True),
    Row("outages", outages.check, (POSTGRES,)),
    Row("pooler", pooler.check, (POSTGRES,)),
    Row("restores", restores.check),
    Row("contract", suites.contract, (SQLITE,)),
    Row("dropped-connections", dropped_connections.check),
    Row("races", races.check),
    Row("parallel-attempts", parallel_attempts.check),
    Row("authorization", authorization.check),
    Row("bad-requests", suites.bad_requests),
    Row("full-disks", full_disks.check),
    Row("letters", letters.check),
)


def main() -> int:
    """Run the checks, write the report, and return the exit code."""
    options = _options()
    rows = [row for row in ROWS if not options.only or row.name in options.only]
    started = monotonic()
    findings = _findings(rows, options)
    _write(findings, options, monotonic() - started)
    return 0 if findings and all(each.is_passed for each in findings) else 1


def _options() -> Namespace:
    parser = ArgumentParser(prog="script/faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of all")
    names = [row.name for row in ROWS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--database", choices=BOTH, help="one of them; both, where it is left out")
    return parser.parse_args()


def _findings(rows: Sequence[Row], options: Namespace) -> list[Finding]:
    """Of all rows: those alone first, then the others of both databases side by side."""
    kinds = [options.database] if options.database else BOTH
    with TemporaryDirectory(prefix="waybill-faults-") as name, ExitStack() as stack:
        lanes = [
            stack.enter_context(lane(kind, Path(name) / kind, _amounts(kind, options)))
            for kind in kinds
            if any(kind in row.databases for row in rows)
        ]
        for each in lanes:
            each.run(row for row in rows if row.alone)
        _run_together(lanes, [row for row in rows if not row.alone])
        return [finding for each in lanes for finding in _all_of(each, options)]


def _run_together(lanes: Sequence[Lane], rows: Sequence[Row]) -> None:
    """Run the rows on all lanes at once. Who interrupts waits for the rows that are at work."""
    with ThreadPoolExecutor() as threads:
        running = [threads.submit(each.run, rows) for each in lanes]
        try:
            for one in running:
                one.result()
        except KeyboardInterrupt:
            for each in lanes:
                each.stop()
            raise


def _amounts(kind: str, options: Namespace) -> Amounts:
    if options.quick:
        return QUICK
    return FULL if options.database or kind == POSTGRES else BESIDE


def _all_of(each: Lane, options: Namespace) -> list[Finding]:
    """What a lane found, and the secrets: single rows may leave nothing to search, all must not."""
    secrets = each.search()
    return [*each.findings, secrets] if secrets.amount or not options.only else each.findings


def _write(findings: Sequence[Finding], options: Namespace, seconds: float) -> None:
    about = {
        "options": vars(options),
        "seconds": seconds,
        "cpus": psutil.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }
    _OUTPUT.mkdir(parents=True, exist_ok=True)
    table = markdown(findings)
    (_OUTPUT / "report.md").write_text(table)
    write_json(_OUTPUT / "report.json", findings, about)
    print(table)
    print(f"Kept in {_OUTPUT}.", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
