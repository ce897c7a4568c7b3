"""`waybill tidy`."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import click

from domain.privacy.retention import (
    BATCH,
    remove_delivered_events,
    remove_expired_keys,
    remove_expired_sessions,
    remove_settled_accounts,
)
from domain.unit_of_work import UnitOfWork
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.mail.transports import FOLDER, remove_emails
from handlers.settings import LANGUAGES
from persistence.database import Database

_DAYS = click.IntRange(0, 36_500)


@click.command()
@click.option(
    "--email-days",
    type=_DAYS,
    default=30,
    show_default=True,
    help="Remove e-mails this many days after they were delivered.",
)
@click.option(
    "--iban-days",
    type=_DAYS,
    default=90,
    show_default=True,
    help="Remove IBANs and holder names this many days after a request was completed or rejected.",
)
def tidy(email_days: int, iban_days: int) -> None:
    """Remove what is stored and no longer needed.

    Expired sessions and idempotency keys, delivered e-mails, and the IBANs of requests that are
    completed or rejected. Run it once a day, by cron or a systemd timer. It works in small
    transactions, skips rows that a server or a worker has locked, and can be interrupted.
    """
    with report_errors(), command_database() as (_, database):
        sessions = _count(database, remove_expired_sessions)
        keys = _count(database, remove_expired_keys)
        events = _events(database, timedelta(days=email_days))
        accounts = _accounts(database, timedelta(days=iban_days))
    click.echo(
        f"Removed: {sessions} sessions, {keys} idempotency keys, {events} e-mails,"
        f" the IBANs of {accounts} requests."
    )


def _count(database: Database, remove: Callable[[UnitOfWork], int]) -> int:
    total = 0
    while removed := database.write(remove):
        total += removed
        if removed < BATCH:
            break
    return total


def _events(database: Database, age: timedelta) -> int:
    total = 0
    while uuids := database.write(partial(remove_delivered_events, age)):
        remove_emails(FOLDER, uuids)
        total += len(uuids)
        if len(uuids) < BATCH:
            break
    return total


def _accounts(database: Database, age: timedelta) -> int:
    total, after = 0, 0
    while batch := database.write(partial(remove_settled_accounts, age, after, LANGUAGES)):
        total, after = total + batch.requests, batch.last
    return total
