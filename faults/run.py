"""`script/faults`: breaks what Waybill depends on, and reports which promises held."""

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
    archiving,
    authorization,
    dropped_connections,
    emails,
    exhausted_pool,
    failovers,
    full_disks,
    graceful_stop,
    killed_workers,
    lost_changes,
    outages,
    parallel_attempts,
    pooler,
    pytest_suites,
    races,
    reloads,
    restores,
    rolling_restart,
    silent_clients,
    slow_clients,
    standbys,
    steady_load,
    timing,
)
from faults.findings import Finding
from faults.report import markdown, write_json
from faults.runner import BOTH, POSTGRES, SQLITE, Check, DatabaseRun, database_run
from faults.scale import FULL, QUICK, REDUCED, Scale

_OUTPUT = Path(__file__).parents[1] / "var" / "faults"

CHECKS: Sequence[Check] = (
    Check("exhausted-pool", exhausted_pool.check, alone=True),
    Check("killed-workers", killed_workers.check, alone=True),
    Check("bursts-of-kills", killed_workers.check_bursts, alone=True),
    Check("graceful-stop", graceful_stop.check, alone=True),
    Check("reloads", reloads.check, alone=True),
    Check("rolling-restart", rolling_restart.check, (POSTGRES,), alone=True),
    Check("slow-clients", slow_clients.check, alone=True),
    Check("silent-clients", silent_clients.check, alone=True),
    Check("steady-load", steady_load.check, alone=True),
    Check("timing", timing.check, alone=True),
    Check("outages", outages.check, (POSTGRES,)),
    Check("pooler", pooler.check, (POSTGRES,)),
    Check("restores", restores.check),
    Check("archiving", archiving.check),
    Check("failovers", failovers.check, (POSTGRES,)),
    Check("lost-changes", lost_changes.check, (POSTGRES,)),
    Check("own-reads", standbys.check_own_reads, (POSTGRES,)),
    Check("applied-reads", standbys.check_applied_reads, (POSTGRES,)),
    Check("pooled-own-reads", standbys.check_pooled_own_reads, (POSTGRES,)),
    Check("standbys", standbys.check_failures, (POSTGRES,)),
    Check("contract", pytest_suites.contract, (SQLITE,)),
    Check("dropped-connections", dropped_connections.check),
    Check("races", races.check),
    Check("parallel-attempts", parallel_attempts.check),
    Check("authorization", authorization.check),
    Check("bad-requests", pytest_suites.bad_requests),
    Check("full-disks", full_disks.check),
    Check("emails", emails.check),
)


def main() -> int:
    """Run the checks, write the report, and return the exit code."""
    options = _options()
    checks = [check for check in CHECKS if not options.only or check.name in options.only]
    started = monotonic()
    findings = _findings(checks, options)
    _write(findings, options, monotonic() - started)
    return 0 if findings and all(finding.is_passed for finding in findings) else 1


def _options() -> Namespace:
    parser = ArgumentParser(prog="script/faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small run of each check")
    names = [check.name for check in CHECKS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--database", choices=BOTH, help="default: both")
    return parser.parse_args()


def _findings(checks: Sequence[Check], options: Namespace) -> list[Finding]:
    """Run the checks that need the machine alone, then the others on both databases at once."""
    kinds = [options.database] if options.database else BOTH
    with TemporaryDirectory(prefix="waybill-faults-") as name, ExitStack() as stack:
        runs = [
            stack.enter_context(database_run(kind, Path(name) / kind, _scale(kind, options)))
            for kind in kinds
            if any(kind in check.databases for check in checks)
        ]
        for run in runs:
            run.run(check for check in checks if check.alone)
        _run_together(runs, [check for check in checks if not check.alone])
        return [finding for run in runs for finding in _findings_of(run, options)]


def _run_together(runs: Sequence[DatabaseRun], checks: Sequence[Check]) -> None:
    """Run the checks on all databases at once. After Ctrl-C, the running checks still finish."""
    with ThreadPoolExecutor() as threads:
        running = [threads.submit(run.run, checks) for run in runs]
        try:
            for future in running:
                future.result()
        except KeyboardInterrupt:
            for run in runs:
                run.stop()
            raise


def _scale(kind: str, options: Namespace) -> Scale:
    if options.quick:
        return QUICK
    return FULL if options.database or kind == POSTGRES else REDUCED


def _findings_of(run: DatabaseRun, options: Namespace) -> list[Finding]:
    """The findings of a run and of its secrets search.

    Single checks may leave nothing to search, but not all of them together.
    """
    secrets = run.search()
    return [*run.findings, secrets] if secrets.count or not options.only else run.findings


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
    print(f"Written to {_OUTPUT}.", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
