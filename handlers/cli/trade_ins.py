"""`waybill trade-ins`."""

from datetime import timedelta

import click

from domain.orders.trade_in_offers import TradeInOffer
from domain.trade_ins import OfferLink, offer_trade_in
from domain.unit_of_work import UnitOfWork
from handlers.auth.trade_in_links import offer_links
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.operator_option import operator_option


@click.group("trade-ins")
def trade_ins() -> None:
    """Offers to take a delivered item back in trade."""


@trade_ins.command()
@click.argument("item", type=int)
@click.option(
    "--days",
    type=click.IntRange(1, 365),
    default=14,
    show_default=True,
    help="How many days the offer is valid.",
)
@click.option(
    "--links",
    "shows_links",
    is_flag=True,
    help="Print its links: to the page, and two that accept or reject it when opened.",
)
@operator_option
def offer(item: int, days: int, actor: str, *, shows_links: bool) -> None:
    """Offer a trade-in for the order item with the pk ITEM; its owner gets an e-mail."""

    def work(uow: UnitOfWork) -> TradeInOffer:
        return offer_trade_in(item, timedelta(days=days), actor, uow)

    with report_errors(), command_database() as (settings, database):
        created = database.write(work)
    click.echo(
        f"Trade-in offer {created.pk} for order item {item} stands until"
        f" {created.expires_date:%Y-%m-%d %H:%M} UTC; the e-mail is in the outbox."
    )
    if shows_links:
        links = offer_links(item, OfferLink(created.uuid), settings)
        click.echo(f"Page    {links.page}\nAccept  {links.approve}\nReject  {links.reject}")
