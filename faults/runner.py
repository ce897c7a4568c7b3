"""Runs the checks on one kind of database, one after the other."""

import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from faults.environment import Environment, EnvironmentFactory, environment_factory
from faults.findings import Finding
from faults.invariants import broken_at
from faults.scale import Scale
from faults.secrets import Search

POSTGRES, SQLITE = "postgres", "sqlite"
BOTH = (POSTGRES, SQLITE)


@dataclass(frozen=True)
class Check:
    """A row of the report: a function, and the kinds of databases to call it on.

    A check of times needs the machine for itself: it runs ``alone``.
    """

    name: str
    run: Callable[[Environment, Scale], Finding]
    databases: tuple[str, ...] = BOTH
    alone: bool = False


class DatabaseRun:
    """Runs checks on databases of one kind; ``findings`` are their results so far."""

    def __init__(self, kind: str, factory: EnvironmentFactory, scale: Scale) -> None:
        self.findings: list[Finding] = []
        self._kind = kind
        self._factory = factory
        self._scale = scale
        self._search = Search(kind)
        self._is_stopped = False

    def run(self, checks: Iterable[Check]) -> None:
        """Run the checks for this kind of database."""
        for check in checks:
            if self._kind in check.databases and not self._is_stopped:
                self._log(f"{check.name} …")
                finding = self._finding(check)
                verdict = "passed" if finding.is_passed else "failed"
                self._log(
                    f"{check.name} {verdict} in {finding.seconds:.0f} s: {dict(finding.figures)}"
                )
                self.findings.append(finding)

    def stop(self) -> None:
        """Start no other check."""
        self._is_stopped = True

    def search(self) -> Finding:
        """Return the secrets found in the output and data of all checks."""
        return self._search.finding()

    def _finding(self, check: Check) -> Finding:
        """Run the check, check the invariants, and search its output and data for secrets."""
        started = monotonic()
        with self._factory.environment(check.name) as environment:
            try:
                finding = check.run(environment, self._scale)
                finding = finding.with_failures(broken_at(environment.url))
                self._search.add(environment)
            except Exception:  # noqa: BLE001 - a check that raises has failed
                lines = traceback.format_exc().splitlines()
                finding = Finding(check.name, environment.kind, 0, 1, "completes", {}, tuple(lines))
        return replace(finding, seconds=monotonic() - started)

    def _log(self, text: str) -> None:
        print(f"{self._kind}: {text}", file=sys.stderr)


@contextmanager
def database_run(kind: str, folder: Path, scale: Scale) -> Iterator[DatabaseRun]:
    """A run with databases of its own, which are deleted at the end of the block."""
    folder.mkdir()
    with environment_factory(kind, folder) as factory:
        yield DatabaseRun(kind, factory, scale)
