"""`script/faults`: breaks what Waybill stands on, and says what of its promises held."""

import platform
import sys
import traceback
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
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
    races,
    slow_clients,
    steady_load,
    stops,
    suites,
    timing,
)
from faults.amounts import BESIDE, FULL, QUICK, Amounts
from faults.findings import Finding
from faults.ground import Ground, Site, site
from faults.invariants import broken_at
from faults.report import markdown, write_json
from faults.secrets import Search

_OUTPUT = Path(__file__).parents[1] / "var" / "faults"
_POSTGRES, _SQLITE = "postgres", "sqlite"
_BOTH = (_POSTGRES, _SQLITE)
_ONE = (_POSTGRES,)  # it is the server that is tried, not its database


@dataclass(frozen=True)
class Row:
    """A row of the report: a check, and the databases on which it has something to say."""

    name: str
    check: Callable[[Ground, Amounts], Finding]
    databases: Sequence[str] = _BOTH


ROWS: Sequence[Row] = (
    Row("exhausted-pool", exhausted_pool.check),
    Row("killed-workers", killed_workers.check),
    Row("stops", stops.check, _ONE),
    Row("slow-clients", slow_clients.check, _ONE),
    Row("steady-load", steady_load.check, _ONE),
    Row("dropped-connections", dropped_connections.check),
    Row("races", races.check),
    Row("authorization", authorization.check),
    Row("bad-requests", suites.bad_requests),
    Row("contract", suites.contract, (_SQLITE,)),
    Row("outages", outages.check, (_POSTGRES,)),
    Row("full-disks", full_disks.check),
    Row("letters", letters.check),
    Row("timing", timing.check, _ONE),
)


def main() -> int:
    """Run the checks, write the report, and return the exit code."""
    options = _options()
    kinds = [options.database] if options.database else _BOTH
    rows = [row for row in ROWS if not options.only or row.name in options.only]
    started = monotonic()
    findings = [
        finding for kind in kinds for finding in _found(kind, rows, _amounts(kind, options))
    ]
    _write(findings, options, monotonic() - started)
    return 0 if findings and all(each.is_passed for each in findings) else 1


def _options() -> Namespace:
    parser = ArgumentParser(prog="script/faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of all")
    names = [row.name for row in ROWS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--database", choices=_BOTH, help="one of them; both, where it is left out")
    return parser.parse_args()


def _amounts(kind: str, options: Namespace) -> Amounts:
    if options.quick:
        return QUICK
    return FULL if options.database or kind == _POSTGRES else BESIDE


def _found(kind: str, rows: Sequence[Row], amounts: Amounts) -> Iterator[Finding]:
    rows = [row for row in rows if kind in row.databases]
    if not rows:
        return
    search = Search(kind)
    with TemporaryDirectory(prefix="waybill-faults-") as name, site(kind, Path(name)) as place:
        for row in rows:
            _say(f"{kind}: {row.name} …")
            finding = _judged(row, place, amounts, search)
            verdict = "passed" if finding.is_passed else "missed"
            _say(f"  {verdict} in {finding.seconds:.0f} s: {dict(finding.figures)}")
            yield finding
    secrets = search.finding()
    # A row that starts no server has nothing to look through; all of them together have.
    if secrets.amount or rows == [row for row in ROWS if kind in row.databases]:
        yield secrets


def _judged(row: Row, place: Site, amounts: Amounts, search: Search) -> Finding:
    """What the check found, and whether what it leaves behind is whole and tells no secrets."""
    started = monotonic()
    with place.ground(row.name) as ground:
        try:
            finding = row.check(ground, amounts)
            finding = finding.with_failures(broken_at(ground.url))
            search.look_through(ground)
        except Exception:  # noqa: BLE001 - a check that breaks is one that was missed
            told = traceback.format_exc().splitlines()
            finding = Finding(row.name, ground.kind, 0, 1, "runs to its end", {}, tuple(told))
    return replace(finding, seconds=monotonic() - started)


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
    _say(f"Kept in {_OUTPUT}.")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
