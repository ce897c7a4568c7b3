"""Progress of a long run, as lines for a log."""

import time
from collections.abc import Callable

import click

EVERY_SECONDS = 5.0


class ProgressLines:
    """Writes a line to standard error every few seconds."""

    def __init__(self, every: float | None = None) -> None:
        self._every = EVERY_SECONDS if every is None else every
        self._due = time.monotonic() + self._every

    def write(self, text: Callable[[], str]) -> None:
        """Write the text, unless the last line was written less than ``every`` seconds ago."""
        if time.monotonic() >= self._due:
            click.echo(text(), err=True)
            self._due = time.monotonic() + self._every
