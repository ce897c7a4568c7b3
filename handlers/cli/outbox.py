"""`waybill outbox`."""

from functools import partial

import click

from domain.outbox import OutboxStatus, list_outbox_events, requeue_event
from domain.shared.paging import PageRequest
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.pages import format_page, page_options

_TITLES = ("PK", "KIND", "ORDER", "STATUS", "ATTEMPTS", "CREATED", "LAST ERROR")


@click.group()
def outbox() -> None:
    """The e-mails to shoppers; `waybill worker` delivers them."""


@outbox.command("list")
@click.option(
    "--status",
    type=click.Choice([status.value for status in OutboxStatus]),
    default=OutboxStatus.DEAD.value,
    show_default=True,
    help="dead: all attempts failed; `retry` starts again.",
)
@page_options
def list_events(status: str, page: PageRequest) -> None:
    """List e-mails, newest first; by default those that could not be delivered."""
    with report_errors(), command_database() as (_, database), database.reading() as uow:
        events = list_outbox_events(OutboxStatus(status), page, uow)
    rows = [
        (
            event.pk,
            event.kind,
            event.payload.get("order_number", ""),
            event.status,
            event.attempts,
            f"{event.created_date:%Y-%m-%d %H:%M}",
            event.last_error or "",
        )
        for event in events.entries
    ]
    click.echo(format_page(_TITLES, rows, events))


@outbox.command()
@click.argument("pk", type=int)
def retry(pk: int) -> None:
    """Send the dead e-mail PK again, with all its attempts."""
    with report_errors(), command_database() as (_, database):
        database.write(partial(requeue_event, pk))
    click.echo(f"E-mail {pk} is pending.")
