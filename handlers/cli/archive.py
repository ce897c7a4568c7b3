"""`waybill archive`."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import click

from domain.orders.archiving import Obstacle, archive_order, obstacle_of
from domain.orders.return_policy import ReturnPolicy
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.graceful_shutdown import GracefulShutdown
from handlers.cli.operator_option import operator_option
from handlers.cli.progress import ProgressLines
from persistence.database import Database

_BATCH = 100

Archive = Callable[[int], Obstacle | None]


@click.command()
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="Archive orders that were placed before this day (UTC).",
)
@click.option("--dry-run", is_flag=True, help="Count what would be archived, and change nothing.")
@operator_option
def archive(before: datetime, actor: str, *, dry_run: bool) -> None:
    """Move finished orders to the archive, where shoppers see them as old orders.

    Guests' orders stay, and so do orders with an open request, an unpaid refund, an open trade-in
    offer, or a line that is not delivered or can still be returned. Servers keep running. Each
    order is moved in a transaction of its own, so the command can be interrupted and run again.
    """
    moment = before.replace(tzinfo=UTC)
    with report_errors(), command_database() as (settings, database):
        policy = ReturnPolicy(timedelta(days=settings.return_window_days))

        def change(pk: int) -> Obstacle | None:
            return database.write(partial(archive_order, pk, policy, actor))

        def check(pk: int) -> Obstacle | None:
            with database.reading() as uow:
                return obstacle_of(pk, policy, uow)

        results = _run(database, moment, check if dry_run else change)
    click.echo(_summary("Would archive" if dry_run else "Archived", results))


def _run(database: Database, before: datetime, archive_one: Archive) -> Counter[Obstacle | None]:
    results: Counter[Obstacle | None] = Counter()
    progress = ProgressLines()
    with GracefulShutdown() as shutdown:
        for pk in _candidates(database, before):
            if shutdown.is_requested:
                break
            results[archive_one(pk)] += 1
            progress.write(lambda: _summary("So far", results))
    return results


def _candidates(database: Database, before: datetime) -> Iterator[int]:
    after = 0
    while True:
        with database.reading() as uow:
            pks = uow.order_archive.candidates(before, after, _BATCH)
        yield from pks
        if len(pks) < _BATCH:
            return
        after = pks[-1]


def _summary(verb: str, results: Counter[Obstacle | None]) -> str:
    left = [f"{results[reason]} {reason}" for reason in Obstacle if results[reason]]
    lines = [f"{verb}: {results[None]} orders."]
    return "\n".join([*lines, *(f"Left: {line}." for line in left)])
