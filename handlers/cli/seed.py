"""`waybill seed`."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import click
import orjson

from domain.accounts.sessions import open_session
from domain.accounts.users import User, UserType, email_key
from domain.imports.parts import Rejected
from domain.sellers.callers import Scope
from domain.sellers.tokens import create_seller_token
from domain.shared.identifiers import derived_uuid
from domain.shared.private_files import open_private_file
from domain.unit_of_work import UnitOfWork
from handlers.auth.cookies import session_cookie
from handlers.auth.passwords import Argon2Passwords
from handlers.auth.session_cookies import session_lifetime
from handlers.cli.database import command_database
from handlers.cli.error_reporting import report_errors
from handlers.cli.import_batches import (
    BATCH_SIZE,
    Imported,
    Loader,
    old_order_loader,
    order_loader,
)
from handlers.cli.ndjson import Parsed
from handlers.demo_shop import DEMO_EMAIL, DEMO_PASSWORD
from handlers.demo_shop.catalogue import SELLERS
from handlers.demo_shop.shop import MAX_ORDERS, MAX_USERS, histories
from handlers.demo_shop.shoppers import Shopper
from handlers.demo_shop.trade_ins import offer_trade_in
from handlers.settings import Settings
from persistence.database import Database

_USERS_AT_A_TIME = 50
_ACTOR = "import:seed"
_TOKEN_LIFETIME = timedelta(days=365)
_PRIVATE = click.Path(dir_okay=False, writable=True, path_type=Path)


@dataclass(frozen=True, slots=True)
class Seeded:
    """A shopper who is in the database, and the pks of what they ordered, by number."""

    user: User
    orders: dict[str, int]
    old_orders: dict[str, int]


@click.command()
@click.option("--users", type=click.IntRange(1, MAX_USERS), default=40, show_default=True)
@click.option(
    "--orders-per-user", type=click.IntRange(0, MAX_ORDERS), default=12, show_default=True
)
@click.option("--seed", "seed_", type=click.IntRange(0), default=1, show_default=True)
@click.option("--sessions-file", type=_PRIVATE, help="Gets a session cookie's value per line.")
@click.option("--tokens-file", type=_PRIVATE, help="Gets a seller's token per line.")
@click.option("--manifest-file", type=_PRIVATE, help="Gets who each of them is, as JSON.")
@click.option("--force", is_flag=True, help="Also into a database with orders of a real shop.")
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
        shop = list(_shown(seed_demo_shop(database, users, orders_per_user, seed_), users))
        sessions_file, tokens_file = files["sessions_file"], files["tokens_file"]
        manifest_file = files["manifest_file"]
        sessions = _sessions(shop, settings, database) if sessions_file or manifest_file else []
        tokens = _tokens(database) if tokens_file or manifest_file else []
        _write(sessions_file, _lines(sessions))
        _write(tokens_file, _lines(token["token"] for token in tokens))
        if manifest_file:
            _write(manifest_file, _manifest(shop, sessions, tokens, settings))
    orders = sum(len(each.orders) for each in shop)
    old_orders = sum(len(each.old_orders) for each in shop)
    click.echo(f"{len(shop)} users, {orders} orders, {old_orders} old orders.")
    click.echo(f"Log in as {DEMO_EMAIL}, password {DEMO_PASSWORD}.")


def seed_demo_shop(
    database: Database, users: int, orders_per_user: int, seed: int
) -> Iterator[Seeded]:
    """Store the demo shop as documents are imported, and yield its shoppers as they are done.

    What is there already stays as it is. Dates count from today's midnight in UTC.
    """
    with database.reading() as uow:
        today = uow.now.replace(hour=0, minute=0, second=0, microsecond=0)
    everybody = histories(users, orders_per_user, seed, today)
    password_hash = Argon2Passwords().hash(DEMO_PASSWORD)
    orders, old_orders = order_loader(database, _ACTOR), old_order_loader(database, _ACTOR)
    while some := list(islice(everybody, _USERS_AT_A_TIME)):
        with database.writing() as uow:
            stored = [_keep_user(history.shopper, password_hash, uow) for history in some]
            uow.commit()
        order_pks = _store(orders, (row for history in some for row in history.orders))
        old_pks = _store(old_orders, (row for history in some for row in history.old_orders))
        with database.writing() as uow:
            for number in (number for each in some for number in each.trade_ins):
                offer_trade_in(order_pks[number], today, uow)
            uow.commit()
        for user, history in zip(stored, some, strict=True):
            yield Seeded(
                user,
                {row["number"]: order_pks[row["number"]] for row in history.orders},
                {row["number"]: old_pks[row["number"]] for row in history.old_orders},
            )


def _require_made_up(database: Database) -> None:
    """Refuse a database in which somebody is not of the demo shop. Raises ClickException."""
    domain = DEMO_EMAIL.partition("@")[2]
    with database.reading() as uow:
        if not uow.users.are_all_at(domain):
            raise click.ClickException(
                "The database has users who are not made up. A demo shop beside them would have a"
                " shopper whose password is public; --force adds it all the same."
            )


def _keep_user(shopper: Shopper, password_hash: str, uow: UnitOfWork) -> User:
    """Return the stored user; a new one gets the demo password, a guest none."""
    key, user_type = email_key(shopper.email), UserType(shopper.user_type)
    user = uow.users.by_email_key(key, user_type)
    if user is None:
        user = User(
            uuid=derived_uuid("User", f"{user_type}/{key}"),
            email=shopper.email,
            email_key=key,
            password_hash=None if shopper.is_guest else password_hash,
            user_type=user_type,
            first_name=shopper.first_name,
            last_name=shopper.last_name,
            created_date=uow.now,
        )
        uow.users.add(user)
    return user


def _store(loader: Loader[Imported], documents: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Import the documents; return the pks by number. Raises Rejected."""
    imported = [loader.check(Parsed.of(document)) for document in documents]
    pks = {}
    for start in range(0, len(imported), BATCH_SIZE):
        batch = imported[start : start + BATCH_SIZE]
        for each, answer in zip(batch, loader.store(batch), strict=True):
            if isinstance(answer, Rejected):
                raise answer
            pks[each.number] = answer.pk
    return pks


def _shown(shop: Iterator[Seeded], users: int) -> Iterator[Seeded]:
    bar = click.progressbar(shop, length=users, label="Seeding", file=sys.stderr)
    with bar:
        yield from bar


def _sessions(shop: Iterable[Seeded], settings: Settings, database: Database) -> list[str]:
    with database.writing() as uow:
        lifetime = session_lifetime(settings)
        return [open_session(each.user, lifetime, uow).value for each in shop]


def _tokens(database: Database) -> list[dict[str, Any]]:
    """Make a token of all scopes for each seller of the shop who has sold anything."""
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
    shop: Iterable[Seeded],
    sessions: Iterable[str],
    tokens: Iterable[dict[str, Any]],
    settings: Settings,
) -> bytes:
    rows = [
        {
            "kind": each.user.user_type,
            "email": each.user.email,
            "password": None if each.user.user_type is UserType.GUEST else DEMO_PASSWORD,
            "user_pk": each.user.pk,
            "session": session,
            "order_numbers": list(each.orders),
            "order_pks": list(each.orders.values()),
            "old_order_numbers": list(each.old_orders),
            "old_order_pks": list(each.old_orders.values()),
        }
        for each, session in zip(shop, sessions, strict=True)
    ]
    manifest = {
        "cookie_name": session_cookie(settings),
        "sessions": rows,
        "tokens": list(tokens),
    }
    return orjson.dumps(manifest, option=orjson.OPT_INDENT_2)


def _write(path: Path | None, content: bytes) -> None:
    """Write a file that only its owner can read: whoever has a session or a token is that one."""
    if path is not None:
        with open_private_file(path) as file:
            file.write(content)
