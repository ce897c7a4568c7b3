"""`waybill seed`."""

import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import orjson

from domain.accounts.sessions import open_session
from domain.accounts.users import UserType
from domain.sellers.callers import Scope
from domain.sellers.tokens import create_seller_token
from domain.shared.private_files import open_private_file
from handlers.auth.cookies import session_cookie
from handlers.auth.session_cookies import session_lifetime
from handlers.cli.database import command_database
from handlers.cli.demo_shop_loader import SeededShopper, seed_demo_shop
from handlers.cli.error_reporting import report_errors
from handlers.demo_shop import DEMO_EMAIL, DEMO_PASSWORD
from handlers.demo_shop.catalogue import SELLERS
from handlers.demo_shop.shop import MAX_ORDERS, MAX_USERS
from handlers.settings import Settings
from persistence.database import Database

_TOKEN_LIFETIME = timedelta(days=365)
_PRIVATE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command()
@click.option("--users", type=click.IntRange(1, MAX_USERS), default=40, show_default=True)
@click.option(
    "--orders-per-user", type=click.IntRange(0, MAX_ORDERS), default=12, show_default=True
)
@click.option("--seed", "seed_", type=click.IntRange(0), default=1, show_default=True)
@click.option("--sessions-file", type=_PRIVATE, help="Gets a session cookie's value per line.")
@click.option("--tokens-file", type=_PRIVATE, help="Gets a seller's token per line.")
@click.option("--manifest-file", type=_PRIVATE, help="Gets their users and sellers, as JSON.")
@click.option("--force", is_flag=True, help="Allow a database with users of a real shop.")
def seed(
    users: int,
    orders_per_user: int,
    seed_: int,
    *,
    force: bool,
    **files: Path | None,
) -> None:
    """Fill the database with a made-up shop, for tests; the same arguments make the same shop.

    The shop has a shopper whose password is public. A database with users of other addresses
    than the made-up ones is refused without --force.
    """
    with report_errors(), command_database() as (settings, database):
        if not force:
            _require_made_up(database)
        shop = list(_with_progress(seed_demo_shop(database, users, orders_per_user, seed_), users))
        _write_files(shop, settings, database, **files)
    orders = sum(len(shopper.orders) for shopper in shop)
    old_orders = sum(len(shopper.old_orders) for shopper in shop)
    click.echo(f"{len(shop)} users, {orders} orders, {old_orders} old orders.")
    click.echo(f"Log in as {DEMO_EMAIL}, password {DEMO_PASSWORD}.")


def _require_made_up(database: Database) -> None:
    """Raises ClickException for a database with users who do not belong to the demo shop."""
    domain = DEMO_EMAIL.partition("@")[2]
    with database.reading() as uow:
        if not uow.users.are_all_at(domain):
            raise click.ClickException(
                "The database has users who are not made up. A demo shop beside them would have a"
                " shopper whose password is public; --force adds it all the same."
            )


def _with_progress(shop: Iterator[SeededShopper], users: int) -> Iterator[SeededShopper]:
    bar = click.progressbar(shop, length=users, label="Seeding", file=sys.stderr)
    with bar:
        yield from bar


def _write_files(
    shop: list[SeededShopper],
    settings: Settings,
    database: Database,
    *,
    sessions_file: Path | None,
    tokens_file: Path | None,
    manifest_file: Path | None,
) -> None:
    """Open sessions and create tokens for the requested files, and write the files."""
    sessions = _sessions(shop, settings, database) if sessions_file or manifest_file else []
    tokens = _tokens(database) if tokens_file or manifest_file else []
    _write(sessions_file, _lines(sessions))
    _write(tokens_file, _lines(token["token"] for token in tokens))
    if manifest_file:
        _write(manifest_file, _manifest(shop, sessions, tokens, settings))


def _sessions(shop: Iterable[SeededShopper], settings: Settings, database: Database) -> list[str]:
    with database.writing() as uow:
        lifetime = session_lifetime(settings)
        return [open_session(shopper.user, lifetime, uow).value for shopper in shop]


def _tokens(database: Database) -> list[dict[str, Any]]:
    """Create a token with all scopes for every seller of the demo shop that is stored."""
    slugs = dict.fromkeys(seller["slug"] for seller in SELLERS.values())
    tokens = []
    with database.writing() as uow:
        for seller in filter(None, map(uow.sellers.by_slug, slugs)):
            slug = seller.slug
            token, value = create_seller_token(slug, "Demo", list(Scope), _TOKEN_LIFETIME, uow)
            tokens.append(
                {
                    "token": value,
                    "seller": slug,
                    "seller_name": seller.name,
                    "seller_uuid": str(seller.uuid),
                    "scopes": sorted(token.scopes),
                }
            )
    return tokens


def _lines(values: Iterable[str]) -> bytes:
    return "".join(f"{value}\n" for value in values).encode()


def _manifest(
    shop: Iterable[SeededShopper],
    sessions: Iterable[str],
    tokens: Iterable[dict[str, Any]],
    settings: Settings,
) -> bytes:
    rows = [
        {
            "kind": shopper.user.user_type,
            "email": shopper.user.email,
            "password": None if shopper.user.user_type is UserType.GUEST else DEMO_PASSWORD,
            "user_pk": shopper.user.pk,
            "session": session,
            "order_numbers": list(shopper.orders),
            "order_pks": list(shopper.orders.values()),
            "old_order_numbers": list(shopper.old_orders),
            "old_order_pks": list(shopper.old_orders.values()),
        }
        for shopper, session in zip(shop, sessions, strict=True)
    ]
    manifest = {
        "cookie_name": session_cookie(settings),
        "sessions": rows,
        "tokens": list(tokens),
    }
    return orjson.dumps(manifest, option=orjson.OPT_INDENT_2)


def _write(path: Path | None, content: bytes) -> None:
    """Write a file that only its owner can read: sessions and tokens are credentials."""
    if path is not None:
        with open_private_file(path) as file:
            file.write(content)
