"""`waybill plans`."""

import click

from domain.cancellations.decisions import mark_plan
from domain.orders.cancellation_plans import CancellationPlan, PlanStatus
from domain.unit_of_work import UnitOfWork
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.operator_option import operator_option

_MAX_NOTE_LENGTH = 1000


@click.group()
def plans() -> None:
    """The cancellation plans; `waybill requests show` names that of a request."""


def _note(_context: click.Context, _option: click.Parameter, note: str | None) -> str | None:
    if note is not None and len(note) > _MAX_NOTE_LENGTH:
        raise click.BadParameter(f"Must be at most {_MAX_NOTE_LENGTH} characters long.")
    return note


@plans.command()
@click.argument("pk", type=int)
@click.argument(
    "status", metavar="STATUS", type=click.Choice([status.value for status in PlanStatus])
)
@click.option(
    "--note", callback=_note, help="The reason, stored with the plan and in the audit trail."
)
@operator_option
def mark(pk: int, status: str, note: str | None, actor: str) -> None:
    """Set plan PK to STATUS, until one of its requests changes."""

    def work(uow: UnitOfWork) -> CancellationPlan:
        return mark_plan(pk, PlanStatus(status), note, actor, uow)

    with report_errors(), command_database() as (_, database):
        plan = database.write(work)
    click.echo(f"Plan {plan.pk} is {plan.status}.")
