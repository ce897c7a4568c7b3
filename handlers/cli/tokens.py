"""`waybill tokens`."""

from datetime import datetime, timedelta

import click

from domain.sellers.callers import Scope, ShopScope
from domain.sellers.tokens import (
    SellerToken,
    create_seller_token,
    create_shop_token,
    list_seller_tokens,
    revoke_seller_token,
)
from domain.shared.errors import NotFound
from domain.shared.paging import PageRequest
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.pages import format_page, page_options

_DEFAULT_DAYS = 365
_MAX_DAYS = 3650
_TITLES = ("PK", "SELLER", "NAME", "SCOPES", "EXPIRES", "LAST USED", "STATE")


@click.group()
def tokens() -> None:
    """The tokens of sellers, and of the shop's own systems."""


@tokens.command()
@click.option("--seller", help="The seller's slug. Without it, the token is the shop's.")
@click.option("--name", required=True, help="What the token is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in (*Scope, *ShopScope)]),
    help="A permission; can be repeated. A seller's token without it has all.",
)
@click.option("--days", type=click.IntRange(1, _MAX_DAYS), default=_DEFAULT_DAYS, show_default=True)
def create(seller: str | None, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Create a token and print its value, which is shown only once."""
    of_shop = [ShopScope(scope) for scope in scopes if scope in set(ShopScope)]
    of_seller = [Scope(scope) for scope in scopes if scope in set(Scope)]
    lifetime = timedelta(days=days)
    _check_scopes(seller, of_seller, of_shop)
    with report_errors(), command_database() as (_, database), database.writing() as uow:
        try:
            token, value = (
                create_shop_token(name, of_shop, lifetime, uow)
                if seller is None
                else create_seller_token(seller, name, of_seller or list(Scope), lifetime, uow)
            )
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
    with report_errors(), command_database() as (_, database), database.reading() as uow:
        result = list_seller_tokens(seller, page, uow)
        rows = [_row(token, uow.now) for token in result.entries]
    click.echo(format_page(_TITLES, rows, result))


@tokens.command()
@click.argument("pk", type=int)
def revoke(pk: int) -> None:
    """Revoke token PK, at once."""
    with report_errors(), command_database() as (_, database), database.writing() as uow:
        token = revoke_seller_token(pk, uow)
    click.echo(f"Token {token.pk} ({token.name}) is revoked.")


def _check_scopes(seller: str | None, of_seller: list[Scope], of_shop: list[ShopScope]) -> None:
    """Raises UsageError for scopes that the owner of the token cannot have."""
    if seller is None and (of_seller or not of_shop):
        choices = ", ".join(ShopScope)
        raise click.UsageError(
            f"Name a --seller, or for the shop's own token a --scope of: {choices}."
        )
    if seller is not None and of_shop:
        raise click.UsageError(f"A seller's token cannot have the scope {of_shop[0]}.")


def _row(token: SellerToken, now: datetime) -> tuple[object, ...]:
    return (
        token.pk,
        token.seller.slug if token.seller else "(shop)",
        token.name,
        _scopes(token),
        f"{token.expires_date:%Y-%m-%d}",
        token.last_used_day or "never",
        _state(token, now),
    )


def _state(token: SellerToken, now: datetime) -> str:
    if not token.is_valid(now):
        return "revoked" if token.revoked_date else "expired"
    return "valid" if token.seller is None or token.seller.is_active else "seller inactive"


def _scopes(token: SellerToken) -> str:
    return " ".join(sorted(token.scopes))
