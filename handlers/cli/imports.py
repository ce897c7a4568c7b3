"""`waybill import`."""

import gc
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any, Generic, Self

import click
import orjson

from domain.import_parts import Rejected
from domain.imports import Outcome
from domain.private_files import open_private_file
from handlers.cli.database import command_database
from handlers.cli.import_lines import Line, parse, read_lines
from handlers.cli.import_loading import (
    BATCH_SIZE,
    Imported,
    Loader,
    OpensImports,
    old_order_loader,
    order_loader,
)
from handlers.cli.operators import importer_option
from handlers.cli.refusals import refusals_shown

_INTERRUPTED = 130  # what shells report for SIGINT
# A batch is tens of thousands of objects that all go with it: looking for cycles among them
# every few hundred costs a twentieth of the run.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000
_READABLE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
_WRITABLE = click.Path(dir_okay=False, writable=True, path_type=Path)


class Rejects:
    """The file of what was not stored: one JSON object for each line.

    It is made when the first line is rejected; one that an earlier run left is removed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, line: Line, reason: Rejected) -> None:
        """Write down a line and why it was rejected."""
        self._file = self._file or open_private_file(self._path)
        row = {
            "line": line.number,
            "pointer": reason.pointer,
            "code": reason.code,
            "message": reason.message,
            "text": line.text,
            "is_whole": line.is_whole,
        }
        self._file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


class Run(Generic[Imported]):
    """One run over a file: collects batches, stores them and counts what became of the lines."""

    def __init__(self, loader: Loader[Imported], rejects: Rejects) -> None:
        self.counts: Counter[str] = Counter()
        self._loader = loader
        self._rejects = rejects
        self._batch: dict[str, tuple[Line, Imported]] = {}

    def take(self, line: Line) -> None:
        """Check a line; it is stored with the batch that it fills, or with the last one."""
        try:
            imported = self._loader.check(parse(line))
        except Rejected as reason:
            self._reject(line, reason)
            return
        # Of one number given twice the second is a change of the first, in another batch.
        if len(self._batch) == BATCH_SIZE or imported.number in self._batch:
            self.store()
        self._batch[imported.number] = (line, imported)

    def store(self) -> None:
        """Store what was taken and is not stored yet. Raises Unavailable."""
        taken = list(self._batch.values())
        answers = self._loader.store([imported for _, imported in taken]) if taken else []
        self._batch.clear()
        for (line, _), answer in zip(taken, answers, strict=True):
            if isinstance(answer, Rejected):
                self._reject(line, answer)
            else:
                self.counts[answer.outcome] += 1

    def _reject(self, line: Line, reason: Rejected) -> None:
        self.counts["rejected"] += 1
        self._rejects.add(line, reason)


@contextmanager
def _rare_collections() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class Interruption:
    """Turns the first Ctrl-C into a wish that the run looks at; the second one acts as ever."""

    def __init__(self) -> None:
        self.is_asked = False
        self._usual = signal.getsignal(signal.SIGINT)

    def __enter__(self) -> Self:
        signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._usual)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        self.is_asked = True
        signal.signal(signal.SIGINT, self._usual)


@click.group("import")
def import_() -> None:
    """Load orders from files of newline-delimited JSON (openapi/imports.yaml says how)."""


@import_.command()
@click.argument("file", type=_READABLE)
@click.option("--rejects", type=_WRITABLE, help="Default: FILE.rejects.ndjson")
@importer_option
def orders(file: Path, rejects: Path | None, actor: str) -> None:
    """Load orders from FILE, or from - for the standard input."""
    _import(file, rejects, actor, order_loader)


@import_.command()
@click.argument("file", type=_READABLE)
@click.option("--rejects", type=_WRITABLE, help="Default: FILE.rejects.ndjson")
@importer_option
def old_orders(file: Path, rejects: Path | None, actor: str) -> None:
    """Load old orders from FILE, or from - for the standard input."""
    _import(file, rejects, actor, old_order_loader)


def _import(
    path: Path,
    rejects_path: Path | None,
    actor: str,
    loader: Callable[[OpensImports, str], Loader[Any]],
) -> None:
    is_stream = path == Path("-")
    rejects_path = rejects_path or Path(f"{'stdin' if is_stream else path}.rejects.ndjson")
    if rejects_path.exists() and not is_stream and rejects_path.samefile(path):
        raise click.UsageError("The rejects would replace the file.")
    with (
        refusals_shown(),
        command_database() as (_, database),
        click.open_file(str(path), "rb") as file,
        Rejects(rejects_path) as rejects,
        Interruption() as interruption,
        _rare_collections(),
    ):
        run = Run(loader(database, actor), rejects)
        try:
            _go_through(file, 0 if is_stream else path.stat().st_size, run, interruption)
        finally:
            click.echo(_summary(run.counts, rejects_path))
    if interruption.is_asked:
        click.echo("Interrupted; what was stored stays. Run it again to go on.", err=True)
        sys.exit(_INTERRUPTED)
    sys.exit(1 if run.counts["rejected"] else 0)


def _go_through(file: IO[bytes], size: int, run: Run[Any], interruption: Interruption) -> None:
    with click.progressbar(
        length=size or 1, label="Importing", file=sys.stderr, hidden=not size
    ) as bar:
        for line in read_lines(file):
            bar.update(line.size)
            if not line.is_blank:
                run.take(line)
            if interruption.is_asked:
                break
        run.store()


def _summary(counts: Counter[str], rejects_path: Path) -> str:
    always = [outcome.value for outcome in Outcome if outcome is not Outcome.OLDER]
    names = [*always, *([Outcome.OLDER] if counts[Outcome.OLDER] else []), "rejected"]
    parts = ", ".join(f"{counts[name]} {name}" for name in names)
    return f"{parts} (see {rejects_path})" if counts["rejected"] else parts
