"""Loads the demo shop into a database, through the same importers as `waybill import`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from domain.accounts.users import User, UserType, email_key
from domain.imports.parts import Rejected
from domain.shared.identifiers import derived_uuid
from domain.unit_of_work import UnitOfWork
from handlers.auth.passwords import Argon2Passwords
from handlers.cli.import_batches import (
    BATCH_SIZE,
    Imported,
    Loader,
    old_order_loader,
    order_loader,
)
from handlers.cli.ndjson import ParsedDocument
from handlers.demo_shop import DEMO_PASSWORD
from handlers.demo_shop.shop import History, histories
from handlers.demo_shop.shoppers import Shopper
from handlers.demo_shop.trade_ins import offer_trade_in
from persistence.database import Database

_USERS_PER_BATCH = 50
_ACTOR = "import:seed"


@dataclass(frozen=True, slots=True)
class SeededShopper:
    """A stored shopper, with the pks of their orders and archived orders by number."""

    user: User
    orders: dict[str, int]
    old_orders: dict[str, int]


def seed_demo_shop(
    database: Database, users: int, orders_per_user: int, seed: int
) -> Iterator[SeededShopper]:
    """Store the demo shop; yield each shopper once they are stored.

    Rows that exist already stay unchanged. Dates count from today's midnight in UTC.
    """
    with database.reading() as uow:
        today = uow.now.replace(hour=0, minute=0, second=0, microsecond=0)
    loader = DemoShopLoader(database, today)
    shoppers = histories(users, orders_per_user, seed, today)
    while batch := list(islice(shoppers, _USERS_PER_BATCH)):
        yield from loader.load(batch)


class DemoShopLoader:
    """Stores shoppers with their orders, archived orders and trade-in offers.

    ``today`` is the day that the offers are created.
    """

    def __init__(self, database: Database, today: datetime) -> None:
        self._database = database
        self._today = today
        self._password_hash = Argon2Passwords().hash(DEMO_PASSWORD)
        self._orders = order_loader(database, _ACTOR)
        self._old_orders = old_order_loader(database, _ACTOR)

    def load(self, batch: list[History]) -> list[SeededShopper]:
        """Store the shoppers of a batch. Raises Rejected."""
        users = self._store_users(history.shopper for history in batch)
        orders = _import(self._orders, (row for history in batch for row in history.orders))
        old_orders = _import(
            self._old_orders, (row for history in batch for row in history.old_orders)
        )
        self._offer_trade_ins(orders[number] for history in batch for number in history.trade_ins)
        return [
            SeededShopper(user, _pks(history.orders, orders), _pks(history.old_orders, old_orders))
            for user, history in zip(users, batch, strict=True)
        ]

    def _store_users(self, shoppers: Iterable[Shopper]) -> list[User]:
        with self._database.writing() as uow:
            users = [_get_or_create(shopper, self._password_hash, uow) for shopper in shoppers]
            uow.commit()
        return users

    def _offer_trade_ins(self, order_pks: Iterable[int]) -> None:
        with self._database.writing() as uow:
            for pk in order_pks:
                offer_trade_in(pk, self._today, uow)
            uow.commit()


def _get_or_create(shopper: Shopper, password_hash: str, uow: UnitOfWork) -> User:
    """Return the stored user. A new one gets the demo password, a guest none."""
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


def _import(loader: Loader[Imported], documents: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Import the documents; return the pks by number. Raises Rejected."""
    imported = [loader.check(ParsedDocument.of(document)) for document in documents]
    pks = {}
    for start in range(0, len(imported), BATCH_SIZE):
        batch = imported[start : start + BATCH_SIZE]
        for order, answer in zip(batch, loader.store(batch), strict=True):
            if isinstance(answer, Rejected):
                raise answer
            pks[order.number] = answer.pk
    return pks


def _pks(documents: Iterable[Mapping[str, Any]], pks: Mapping[str, int]) -> dict[str, int]:
    return {document["number"]: pks[document["number"]] for document in documents}
