"""`waybill import`."""

import gc
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO, Any, Generic, Self

import click
import orjson

from domain.imports.documents import Outcome
from domain.imports.parts import Rejected
from domain.shared.private_files import open_private_file
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.import_batches import (
    BATCH_SIZE,
    ImportDatabase,
    Imported,
    Loader,
    old_order_loader,
    order_loader,
)
from handlers.cli.import_streams import arriving_lines, is_open_ended
from handlers.cli.ndjson import Line, parse, read_lines
from handlers.cli.operator_option import importer_option
from handlers.cli.progress import ProgressLines

_STORE_SECONDS = 0.5  # the longest time that lines of a stream wait for a full batch
_SIGNAL_EXIT_BASE = 128  # plus the number of the signal, as shells report it
# A batch has tens of thousands of objects without cycles. Scanning them every few hundred
# allocations takes a twentieth of the run.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000
_READABLE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
_WRITABLE = click.Path(dir_okay=False, writable=True, path_type=Path)


class Rejects:
    """The file of rejected lines, with one JSON object per line.

    It is created when the first line is rejected; the file of an earlier run is removed. With
    ``appends`` that file stays: the lines of a stream exist nowhere else.
    """

    def __init__(self, path: Path, *, appends: bool = False) -> None:
        self._path = path
        self._appends = appends
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        if not self._appends:
            self._path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, line: Line, reason: Rejected) -> None:
        """Write a line with the reason for its rejection."""
        self._file = self._file or open_private_file(self._path, append=True)
        row = {
            "line": line.number,
            "pointer": reason.pointer,
            "code": reason.code,
            "message": reason.message,
            "text": line.text,
            "is_whole": line.is_whole,
        }
        self._file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

    def flush(self) -> None:
        """Flush the file, so that other processes can read it."""
        if self._file:
            self._file.flush()


class Run(Generic[Imported]):
    """One run over a file: collects batches, stores them and counts the outcomes."""

    def __init__(self, loader: Loader[Imported], rejects: Rejects) -> None:
        self.counts: Counter[str] = Counter()
        self._loader = loader
        self._rejects = rejects
        self._batch: dict[str, tuple[Line, Imported]] = {}
        self._stored_at = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether half a second has passed since the last batch."""
        return time.monotonic() - self._stored_at >= _STORE_SECONDS

    def add(self, line: Line) -> None:
        """Validate a line and add it to the batch; store a full batch first."""
        try:
            imported = self._loader.check(parse(line))
        except Rejected as reason:
            self._reject(line, reason)
            return
        # A second document of the same number changes the first, so it needs another batch.
        if len(self._batch) == BATCH_SIZE or imported.number in self._batch:
            self.store()
        self._batch[imported.number] = (line, imported)

    def store(self) -> None:
        """Store the batch. Raises Unavailable."""
        batch = list(self._batch.values())
        answers = self._loader.store([imported for _, imported in batch]) if batch else []
        self._batch.clear()
        for (line, _), answer in zip(batch, answers, strict=True):
            if isinstance(answer, Rejected):
                self._reject(line, answer)
            else:
                self.counts[answer.outcome] += 1
        self._rejects.flush()
        self._stored_at = time.monotonic()

    def progress(self, lines: int) -> str:
        """A line about the progress, for a log."""
        rejected = self.counts["rejected"]
        stored = self.counts.total() - rejected
        return f"{lines} lines read, {stored} stored, {rejected} rejected"

    def _reject(self, line: Line, reason: Rejected) -> None:
        self.counts["rejected"] += 1
        self._rejects.add(line, reason)


@contextmanager
def _rare_collections() -> Iterator[None]:
    previous = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *previous[1:])
    try:
        yield
    finally:
        gc.set_threshold(*previous)


class Interruption:
    """Turns the first Ctrl-C or SIGTERM into a flag that the run polls; a second one ends it.

    ``received`` is the first signal.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        numbers = (signal.SIGINT, signal.SIGTERM)
        self._previous = {number: signal.getsignal(number) for number in numbers}

    def __enter__(self) -> Self:
        for number in self._previous:
            signal.signal(number, self._request)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _request(self, number: int, _frame: FrameType | None) -> None:
        self.received = signal.Signals(number)
        signal.signal(number, self._previous[self.received])


_rejects_option = click.option(
    "--rejects",
    type=_WRITABLE,
    help="Default: FILE.rejects.ndjson. For - it is stdin.rejects.ndjson, which is appended to.",
)


@click.group("import")
def import_() -> None:
    """Load orders from newline-delimited JSON (openapi/imports/documents.yaml says how)."""


@import_.command()
@click.argument("file", type=_READABLE)
@_rejects_option
@importer_option
def orders(file: Path, rejects: Path | None, actor: str) -> None:
    """Load orders from FILE, or from - for the standard input.

    Lines from a pipe are stored within a second, and the pipe may stay open.
    """
    _import(file, rejects, actor, order_loader)


@import_.command()
@click.argument("file", type=_READABLE)
@_rejects_option
@importer_option
def old_orders(file: Path, rejects: Path | None, actor: str) -> None:
    """Load old orders from FILE, or from - for the standard input.

    Lines from a pipe are stored within a second, and the pipe may stay open.
    """
    _import(file, rejects, actor, old_order_loader)


def _import(
    path: Path,
    rejects_path: Path | None,
    actor: str,
    loader: Callable[[ImportDatabase, str], Loader[Any]],
) -> None:
    is_stream = path == Path("-")
    rejects_path = rejects_path or Path(f"{'stdin' if is_stream else path}.rejects.ndjson")
    if rejects_path.exists() and not is_stream and rejects_path.samefile(path):
        raise click.UsageError("The rejects would replace the file.")
    with (
        report_errors(),
        command_database() as (_, database),
        click.open_file(str(path), "rb") as file,
        Rejects(rejects_path, appends=is_stream) as rejects,
        Interruption() as interruption,
        _rare_collections(),
    ):
        run = Run(loader(database, actor), rejects)
        try:
            _read_all(file, run, interruption)
        finally:
            click.echo(_summary(run.counts, rejects_path))
    if interruption.received:
        click.echo("Interrupted; what was stored stays. Run it again to go on.", err=True)
        sys.exit(_SIGNAL_EXIT_BASE + interruption.received)
    sys.exit(1 if run.counts["rejected"] else 0)


def _read_all(file: IO[bytes], run: Run[Any], interruption: Interruption) -> None:
    is_stream = is_open_ended(file)
    lines = arriving_lines(file.fileno(), _STORE_SECONDS) if is_stream else read_lines(file)
    number = 0
    with _progress(file) as show_progress:
        for line in lines:
            if line is not None:
                number = line.number
                if not line.is_blank:
                    run.add(line)
            if is_stream and run.is_due:
                run.store()
            show_progress(line.size if line else 0, partial(run.progress, number))
            if interruption.received:
                break
        run.store()


@contextmanager
def _progress(file: IO[bytes]) -> Iterator[Callable[[int, Callable[[], str]], None]]:
    """Show progress: a bar for a file at a terminal, else a line every few seconds.

    Yields a function of the bytes read and the text.
    """
    size = 0 if is_open_ended(file) else _size(file)
    if not size or not sys.stderr.isatty():
        progress = ProgressLines()
        yield lambda _, text: progress.write(text)
        return
    with click.progressbar(length=size, label="Importing", file=sys.stderr) as bar:
        yield lambda count, _: bar.update(count)


def _size(file: IO[bytes]) -> int:
    position = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(position)
    return end


def _summary(counts: Counter[str], rejects_path: Path) -> str:
    always = [outcome.value for outcome in Outcome if outcome is not Outcome.OLDER]
    names = [*always, *([Outcome.OLDER] if counts[Outcome.OLDER] else []), "rejected"]
    parts = ", ".join(f"{counts[name]} {name}" for name in names)
    return f"{parts} (see {rejects_path})" if counts["rejected"] else parts
