"""`waybill tokens`."""

from datetime import datetime, timedelta

import click

from domain.errors import NotFound
from domain.paging import PageRequest
from domain.seller_callers import Scope
from domain.seller_tokens import (
    SellerToken,
    create_seller_token,
    list_seller_tokens,
    revoke_seller_token,
)
from handlers.cli.database import command_database
from handlers.cli.pages import page_options, shown_page
from handlers.cli.refusals import refusals_shown

_DEFAULT_DAYS = 365
_MAX_DAYS = 3650
_TITLES = ("PK", "SELLER", "NAME", "SCOPES", "EXPIRES", "LAST USED", "STATE")


@click.group()
def tokens() -> None:
    """The tokens by which sellers are known to the Seller Center API."""


@tokens.command()
@click.option("--seller", required=True, help="The seller's slug.")
@click.option("--name", required=True, help="What the token is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it is good for; can be given several times. All, where it is left out.",
)
@click.option("--days", type=click.IntRange(1, _MAX_DAYS), default=_DEFAULT_DAYS, show_default=True)
def create(seller: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a token and print its value, which is shown nowhere else."""
    wanted = [Scope(scope) for scope in scopes] or list(Scope)
    with refusals_shown(), command_database() as (_, database), database.writing() as uow:
        try:
            token, value = create_seller_token(seller, name, wanted, timedelta(days=days), uow)
        except NotFound:
            raise click.ClickException(f"There is no seller {seller}.") from None
    click.echo(f"Token   {value}")
    click.echo(f"Pk      {token.pk}")
    click.echo(f"Scopes  {_scopes(token)}")
    click.echo(f"Expires {token.expires_date:%Y-%m-%d %H:%M} UTC")


@tokens.command("list")
@click.option("--seller", help="The slug of the seller whose tokens to show.")
@page_options
def list_(seller: str | None, page: PageRequest) -> None:
    """Show the tokens, newest first, without their values."""
    with refusals_shown(), command_database() as (_, database), database.reading() as uow:
        shown = list_seller_tokens(seller, page, uow)
        rows = [_row(token, uow.now) for token in shown.entries]
    click.echo(shown_page(_TITLES, rows, shown))


@tokens.command()
@click.argument("pk", type=int)
def revoke(pk: int) -> None:
    """End token PK: from now on it opens nothing."""
    with refusals_shown(), command_database() as (_, database), database.writing() as uow:
        token = revoke_seller_token(pk, uow)
    click.echo(f"Token {token.pk} ({token.name}) is revoked.")


def _row(token: SellerToken, now: datetime) -> tuple[object, ...]:
    return (
        token.pk,
        token.seller.slug,
        token.name,
        _scopes(token),
        f"{token.expires_date:%Y-%m-%d}",
        token.last_used_day or "never",
        _state(token, now),
    )


def _state(token: SellerToken, now: datetime) -> str:
    if token.is_valid(now):
        return "valid"
    return "revoked" if token.revoked_date else "expired"


def _scopes(token: SellerToken) -> str:
    return " ".join(sorted(token.scopes))
