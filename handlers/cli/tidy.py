"""`waybill tidy`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import click

from domain.maintenance import RunLost
from domain.privacy.retention import BATCH, Expiring, RetentionPeriods, count_expired
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.graceful_shutdown import GracefulShutdown
from handlers.cli.progress import ProgressLines
from handlers.maintenance import ACCOUNTS, EMAILS, TidyRun
from persistence.database import Database

_MAX_DAYS = 36_500
_MAX_BATCH = 10_000
_TRIES = 60
_PAUSE_SECONDS = 1.0

Command = TypeVar("Command", bound=Callable[..., Any])


def _timedelta(_context: object, _parameter: object, days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)


def _age(option: str, period: str, text: str) -> Callable[[Command], Command]:
    """An option for one of the RetentionPeriods, in days."""
    default: timedelta | None = getattr(RetentionPeriods(), period)
    return click.option(
        option,
        period,
        type=click.IntRange(0, _MAX_DAYS),
        default=default and default.days,
        show_default=default is not None,
        callback=_timedelta,
        help=text,
    )


@click.command()
@_age("--email-days", "emails", "Remove e-mails this many days after they were delivered.")
@_age(
    "--iban-days",
    "accounts",
    "Remove IBANs and holder names this many days after a request was completed or rejected.",
)
@_age(
    "--older-than",
    "documents",
    "Remove the stored documents of orders that have not changed for this many days.",
)
@_age(
    "--audit-days",
    "audit",
    "Remove the months of the audit trail that ended this many days ago; without it, none.",
)
@click.option(
    "--batch",
    type=click.IntRange(1, _MAX_BATCH),
    default=BATCH,
    show_default=True,
    help="The most rows that one transaction removes.",
)
@click.option("--dry-run", is_flag=True, help="Count what would be removed, and remove nothing.")
def tidy(batch: int, *, dry_run: bool, **ages: Any) -> None:
    """Remove what is stored and no longer needed.

    Expired sessions, one-time tokens and idempotency keys, delivered e-mails, the IBANs of
    requests that are completed or rejected, and stored documents, which are rendered again when
    they are read. `waybill worker` does the same once an hour, with the default ages. It works in
    small transactions, skips rows that a server or a worker has locked, and can be interrupted.
    """
    periods = RetentionPeriods(**ages)
    with report_errors(), command_database() as (_, database):
        if dry_run:
            click.echo(f"Would remove: {_summary(_counted(database, periods))}")
        else:
            click.echo(f"Removed: {_summary(_removed(database, periods, batch))}")


def _counted(database: Database, periods: RetentionPeriods) -> dict[str, int]:
    with database.reading() as uow:
        expired = count_expired(periods, uow)
    rows = {str(kind): count for kind, count in expired.rows.items()}
    return {**rows, EMAILS: expired.emails, ACCOUNTS: expired.accounts}


def _removed(database: Database, periods: RetentionPeriods, batch: int) -> dict[str, int]:
    run = TidyRun(database, periods, batch)
    progress = ProgressLines()
    with GracefulShutdown() as shutdown:
        if not _begin(run, shutdown):
            raise click.ClickException(
                "A worker or another command is tidying. If it has died, another run can begin"
                " within five minutes."
            )
        try:
            for _ in run.steps():
                progress.write(lambda: f"Removed so far: {_summary(run.removed)}")
                if shutdown.is_requested:
                    run.end()
                    break
        except RunLost as error:
            raise click.ClickException(
                "A batch took longer than five minutes, and another process has taken over."
            ) from error
    return run.removed


def _begin(run: TidyRun, shutdown: GracefulShutdown) -> bool:
    """Begin the run, soon after the end of another one, since most take seconds only."""
    for _ in range(_TRIES):
        if run.begin():
            return True
        shutdown.wait(_PAUSE_SECONDS)
    return False


def _summary(removed: dict[str, int]) -> str:
    rows = [f"{removed[kind]} {kind}" for kind in Expiring]
    return ", ".join(
        [*rows, f"{removed[EMAILS]} {EMAILS}", f"the IBANs of {removed[ACCOUNTS]} requests."]
    )
