"""The checks on one database, one after the other."""

import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from faults.amounts import Amounts
from faults.environment import Environment, EnvironmentFactory, environment_factory
from faults.findings import Finding
from faults.invariants import broken_at
from faults.secrets import Search

POSTGRES, SQLITE = "postgres", "sqlite"
BOTH = (POSTGRES, SQLITE)


@dataclass(frozen=True)
class Row:
    """A row of the report: a check, and the databases on which it has something to say.

    What is judged by the clock needs the machine for itself: it is ``alone``.
    """

    name: str
    check: Callable[[Environment, Amounts], Finding]
    databases: tuple[str, ...] = BOTH
    alone: bool = False


class Lane:
    """Runs rows on databases of one kind; ``findings`` are what they found so far."""

    def __init__(self, kind: str, factory: EnvironmentFactory, amounts: Amounts) -> None:
        self.findings: list[Finding] = []
        self._kind = kind
        self._factory = factory
        self._amounts = amounts
        self._search = Search(kind)
        self._is_stopped = False

    def run(self, rows: Iterable[Row]) -> None:
        """Run those that have something to say on this database."""
        for row in rows:
            if self._kind in row.databases and not self._is_stopped:
                self._say(f"{row.name} …")
                finding = self._found(row)
                verdict = "passed" if finding.is_passed else "missed"
                self._say(
                    f"{row.name} {verdict} in {finding.seconds:.0f} s: {dict(finding.figures)}"
                )
                self.findings.append(finding)

    def stop(self) -> None:
        """Begin no other row."""
        self._is_stopped = True

    def search(self) -> Finding:
        """Return what secrets were found in all that the rows left behind."""
        return self._search.finding()

    def _found(self, row: Row) -> Finding:
        """What the check found, and whether what it leaves behind is whole and tells no secrets."""
        started = monotonic()
        with self._factory.environment(row.name) as environment:
            try:
                finding = row.check(environment, self._amounts)
                finding = finding.with_failures(broken_at(environment.url))
                self._search.look_through(environment)
            except Exception:  # noqa: BLE001 - a check that breaks is one that was missed
                told = traceback.format_exc().splitlines()
                finding = Finding(
                    row.name, environment.kind, 0, 1, "runs to its end", {}, tuple(told)
                )
        return replace(finding, seconds=monotonic() - started)

    def _say(self, text: str) -> None:
        print(f"{self._kind}: {text}", file=sys.stderr)


@contextmanager
def lane(kind: str, folder: Path, amounts: Amounts) -> Iterator[Lane]:
    """A lane with databases of its own; they are gone with the block."""
    folder.mkdir()
    with environment_factory(kind, folder) as factory:
        yield Lane(kind, factory, amounts)
