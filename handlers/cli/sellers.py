"""`waybill sellers`."""

from functools import partial

import click

from domain.audit import state_of
from domain.sellers.sellers import add_seller, change_seller, list_sellers, set_seller_active
from domain.shared.paging import PageRequest
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.operator_option import operator_option
from handlers.cli.pages import format_page, page_options

_TITLES = ("SLUG", "NAME", "STATE")


@click.group()
def sellers() -> None:
    """The sellers of the marketplace.

    Imports add the sellers that they name, and neither rename nor activate any.
    """


@sellers.command("list")
@page_options
def list_(page: PageRequest) -> None:
    """List the sellers, by slug."""
    with report_errors(), command_database() as (_, database), database.reading() as uow:
        result = list_sellers(page, uow)
        rows = [(seller.slug, seller.name, state_of(seller)) for seller in result.entries]
    click.echo(format_page(_TITLES, rows, result))


@sellers.command()
@click.argument("slug")
@click.option("--name", required=True, help="What shoppers read.")
@operator_option
def add(slug: str, name: str, actor: str) -> None:
    """Add seller SLUG; `waybill tokens create` gives it access."""
    with report_errors(), command_database() as (_, database):
        seller = database.write(partial(add_seller, slug, name, actor))
    click.echo(f"Seller {seller.slug} is {state_of(seller)}.")


@sellers.command()
@click.argument("slug")
@click.option("--name", required=True, help="What shoppers read.")
@operator_option
def change(slug: str, name: str, actor: str) -> None:
    """Rename seller SLUG; all its orders show the new name at once."""
    with report_errors(), command_database() as (_, database):
        seller = database.write(partial(change_seller, slug, name, actor))
    click.echo(f"Seller {seller.slug} is called {seller.name}.")


@sellers.command()
@click.argument("slug")
@operator_option
def deactivate(slug: str, actor: str) -> None:
    """Refuse all tokens of seller SLUG with 401, and make no new ones.

    Its orders stay, shoppers can cancel them, and the shop can settle their requests.
    """
    _switch(slug, False, actor)


@sellers.command()
@click.argument("slug")
@operator_option
def activate(slug: str, actor: str) -> None:
    """Let the tokens of seller SLUG work again."""
    _switch(slug, True, actor)


def _switch(slug: str, is_active: bool, actor: str) -> None:
    with report_errors(), command_database() as (_, database):
        seller = database.write(partial(set_seller_active, slug, is_active, actor))
    click.echo(f"Seller {seller.slug} is {state_of(seller)}.")
