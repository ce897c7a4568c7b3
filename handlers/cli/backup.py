"""`waybill backup`."""

from pathlib import Path

import click

from handlers.adapters.plain_text import one_line
from handlers.cli.database import command_settings
from handlers.cli.error_reporting import report_errors
from handlers.cli.progress import ProgressLines
from persistence.backups import BackupFailed, ProgramMissing, back_up_sqlite, dump_postgres
from persistence.engine.engines import database_files

_MIB = 1024 * 1024


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write a backup of the database to the new file FILE, which only its owner can read.

    Servers and workers keep running. SQLite is copied by its online backup, and the copy is
    checked. PostgreSQL is dumped by pg_dump, which has to be installed.
    """
    with report_errors():
        settings = command_settings()
        source = database_files(settings.database_url)
        try:
            if source:
                back_up_sqlite(source[0], file, _Progress())
            else:
                dump_postgres(settings.database_url, file)
        except ProgramMissing as error:
            raise click.ClickException(
                "pg_dump and pg_restore have to be installed here. Where they are, run:"
                f" {one_line(str(error))}"
            ) from error
        except BackupFailed as error:
            raise click.ClickException(f"No backup was made: {one_line(str(error))}.") from error
    click.echo(f"{file.absolute()}: {file.stat().st_size / _MIB:.1f} MiB. Checked.")


class _Progress:
    """Reports how many pages are copied."""

    def __init__(self) -> None:
        self._lines = ProgressLines()

    def __call__(self, left: int, total: int) -> None:
        self._lines.write(lambda: f"{total - left} of {total} pages")
