"""`waybill requests`: lists cancellation requests, and approves, rejects or completes them."""

from collections.abc import Callable
from functools import partial

import click

from domain.cancellations.decisions import (
    approve_request,
    complete_request,
    list_all_requests,
    reject_request,
    show_request,
)
from domain.orders.cancellations import CancellationRequest, CancellationStatus
from domain.shared.paging import PageRequest
from domain.unit_of_work import UnitOfWork
from handlers.adapters.plain_text import one_line
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.operator_option import operator_option
from handlers.cli.pages import format_page, page_options
from handlers.cli.request_details import format_details, format_refund

_TITLES = ("PK", "ORDER", "TYPE", "QUANTITY", "STATUS", "CREATED")

Decision = Callable[[int, str, UnitOfWork], CancellationRequest]


@click.group()
def requests() -> None:
    """The requests to cancel items and to send them back."""


@requests.command("list")
@click.option(
    "--status",
    type=click.Choice([status.value for status in CancellationStatus]),
    help="Only these; default: all.",
)
@page_options
def list_requests(status: str | None, page: PageRequest) -> None:
    """List the requests of all shoppers, newest first."""
    wanted_status = CancellationStatus(status) if status else None
    with report_errors(), command_database() as (_, database), database.reading() as uow:
        result = list_all_requests(wanted_status, page, uow)
    rows = [
        (
            entry.request.pk,
            entry.order_number,
            entry.request.cancellation_type,
            # Imported requests may have no quantity: they concern all remaining units.
            entry.request.quantity or "all",
            entry.request.status,
            f"{entry.request.created_date:%Y-%m-%d %H:%M}",
        )
        for entry in result.entries
    ]
    click.echo(format_page(_TITLES, rows, result))


@requests.command()
@click.argument("pk", type=int)
def show(pk: int) -> None:
    """Show request PK with its plan, its money and its audit trail."""
    with report_errors(), command_database() as (_, database), database.reading() as uow:
        shown = show_request(pk, uow)
        reasons = uow.cancellation_reasons.by_pks([shown.request.reason_pk])
    click.echo(format_details(shown, reasons.get(shown.request.reason_pk)))


@requests.command()
@click.argument("pk", type=int)
@operator_option
def approve(pk: int, actor: str) -> None:
    """Approve the open request PK; a cancellation takes effect at once."""
    _decide(approve_request, pk, actor)


@requests.command()
@click.argument("pk", type=int)
@operator_option
def reject(pk: int, actor: str) -> None:
    """Reject the open request PK; its item returns to its previous state."""
    _decide(reject_request, pk, actor)


@requests.command()
@click.argument("pk", type=int)
@operator_option
def complete(pk: int, actor: str) -> None:
    """Record the refund of the approved request PK; the payment is up to you."""
    _decide(complete_request, pk, actor)


def _decide(decision: Decision, pk: int, actor: str) -> None:
    with report_errors(), command_database() as (_, database):
        database.write(partial(decision, pk, actor))
        with database.reading() as uow:
            shown = show_request(pk, uow)
    item, order = shown.item, shown.order
    about = one_line(f"{item.product.name}, order {order.number}")
    click.echo(f"Request {pk} is {shown.request.status}: {about}.")
    click.echo(f"Refund: {format_refund(shown)}.")
    click.echo(f"The item is {item.state}, the order {order.state}.")
    if shown.plan:
        click.echo(f"Plan {shown.plan.pk} is {shown.plan.status}.")
