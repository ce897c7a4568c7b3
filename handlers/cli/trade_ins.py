"""`waybill trade-ins`."""

from datetime import timedelta

import click

from domain.trade_in_offers import TradeInOffer
from domain.trade_ins import offer_trade_in
from domain.unit_of_work import UnitOfWork
from handlers.cli.database import command_database
from handlers.cli.operators import operator_option
from handlers.cli.refusals import refusals_shown


@click.group("trade-ins")
def trade_ins() -> None:
    """Offers to take a delivered item back in trade."""


@trade_ins.command()
@click.argument("item", type=int)
@click.option(
    "--days", type=click.IntRange(1, 365), default=14, show_default=True, help="How long it stands."
)
@operator_option
def offer(item: int, days: int, actor: str) -> None:
    """Offer a trade-in for the order item with the pk ITEM; its owner gets a letter."""

    def work(uow: UnitOfWork) -> TradeInOffer:
        return offer_trade_in(item, timedelta(days=days), actor, uow)

    with refusals_shown(), command_database() as (_, database):
        made = database.write(work)
    click.echo(
        f"Trade-in offer {made.pk} for order item {item} stands until"
        f" {made.expires_date:%Y-%m-%d %H:%M} UTC; the letter is in the outbox."
    )
