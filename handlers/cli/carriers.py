"""`waybill carriers`."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import click

from domain.audit import state_of
from domain.cancellations.return_carriers import (
    CarrierDraft,
    ReturnCarrier,
    add_carrier,
    change_carrier,
    list_carriers,
    offer_carriers,
    set_carrier_active,
)
from domain.shared.paging import PageRequest
from domain.unit_of_work import UnitOfWork
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.operator_option import operator_option
from handlers.cli.pages import format_page, page_options
from handlers.settings import Settings
from persistence.database import Database

_TITLES = ("PK", "CODE", "LABEL", "NAME", "PICKUP ADDRESS", "STATE")
_ORDERS_PER_BATCH = 200


@click.group()
def carriers() -> None:
    """The carriers by which shoppers can return what they bought.

    They are offered for every order item whose import document names no carriers of its own
    (easy_return_companies), as long as the item can be returned. Each command stores the carrier
    first and then updates the items, some orders at a time; when it is interrupted, `waybill
    carriers apply` does the rest. Imports store new items with the active carriers. Requests keep
    the carrier that was chosen for them.
    """


@carriers.command("list")
@page_options
def list_(page: PageRequest) -> None:
    """List the carriers, the inactive ones too."""
    with report_errors(), command_database() as (_, database), database.reading() as uow:
        result = list_carriers(page, uow)
        rows = [_row(carrier) for carrier in result.entries]
    click.echo(format_page(_TITLES, rows, result))


def _draft_options(*, required: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    options = (
        click.option("--code", required=required, help="The code of the carrier in the API."),
        click.option("--label", required=required, help="The name of the carrier."),
        click.option(
            "--name", required=required, help="The service that shoppers choose: 'Pickup at home'."
        ),
        click.option(
            "--pickup-address/--no-pickup-address",
            "requires_pickup_address",
            default=None,
            help="Whether the shopper must choose an address for the pickup.",
        ),
    )

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@carriers.command()
@_draft_options(required=True)
@operator_option
def add(actor: str, **draft: str | bool | None) -> None:
    """Offer a carrier for returns."""
    _change(partial(add_carrier, _draft(draft), actor))


@carriers.command()
@click.argument("pk", type=int)
@_draft_options(required=False)
@operator_option
def change(pk: int, actor: str, **draft: str | bool | None) -> None:
    """Change carrier PK; options that are left out change nothing."""
    _change(partial(change_carrier, pk, _draft(draft), actor))


@carriers.command()
@click.argument("pk", type=int)
@operator_option
def deactivate(pk: int, actor: str) -> None:
    """Stop offering carrier PK for new requests."""
    _change(partial(set_carrier_active, pk, False, actor))


@carriers.command()
@click.argument("pk", type=int)
@operator_option
def activate(pk: int, actor: str) -> None:
    """Offer carrier PK again."""
    _change(partial(set_carrier_active, pk, True, actor))


@carriers.command()
def apply() -> None:
    """Update the carriers of all order items; to repeat it does no harm."""
    with report_errors(), command_database() as (settings, database):
        _apply(settings, database)


def _draft(values: dict[str, str | bool | None]) -> CarrierDraft:
    return CarrierDraft(**values)  # type: ignore[arg-type]  # click has checked the types


def _change(work: Callable[[UnitOfWork], ReturnCarrier]) -> None:
    with report_errors(), command_database() as (settings, database):
        carrier = database.write(work)
        click.echo(f"Carrier {carrier.pk} is {state_of(carrier)}.")
        _apply(settings, database)


def _apply(settings: Settings, database: Database) -> None:
    window = timedelta(days=settings.return_window_days)
    orders, after = 0, 0
    while batch := database.write(partial(offer_carriers, after, window, _ORDERS_PER_BATCH)):
        orders, after = orders + batch.orders, batch.last
    click.echo(f"{orders} orders were updated.")


def _row(carrier: ReturnCarrier) -> tuple[object, ...]:
    company = carrier.company
    return (
        carrier.pk,
        company.shipping_company.value,
        company.shipping_company.label,
        company.name,
        "needed" if company.requires_pickup_address else "",
        state_of(carrier),
    )
