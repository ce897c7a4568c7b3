"""The whole demo shop: its shoppers, each with all that they ordered."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from handlers.demo_shop.old_orders import CURRENCIES, old_order_document
from handlers.demo_shop.order_scenarios import LIVES, Life
from handlers.demo_shop.orders import order_document
from handlers.demo_shop.shoppers import Shopper, ShopperFactory

# Every life twice, and more orders than one page shows.
DEMO_ORDERS = 2 * len(LIVES)
DEMO_OLD_ORDERS = 12
MAX_USERS = 999_999
MAX_ORDERS = 9_999


@dataclass(frozen=True, slots=True)
class History:
    """A shopper and the import documents of what they ordered, oldest shop first.

    ``trade_ins`` are the numbers of the orders for whose first lines a trade-in is offered, which
    no import document says.
    """

    shopper: Shopper
    orders: list[dict[str, Any]]
    old_orders: list[dict[str, Any]]
    trade_ins: list[str]


def histories(users: int, orders_per_user: int, seed: int, today: datetime) -> Iterator[History]:
    """Yield as many shoppers as ``users`` says, the demo shopper first.

    The same arguments give the same shop, and ``today`` (midnight in UTC) moves only its dates.
    A shopper does not depend on how many others there are. The demo shopper has at least
    DEMO_ORDERS orders; guests have no old orders.
    """
    factory = ShopperFactory()
    for index in range(users):
        dice = _dice(seed, index)
        shopper = factory.shopper(index, dice)
        is_demo = shopper.is_demo
        lives = _lives(orders_per_user, dice, is_demo=is_demo)
        numbers = [f"{seed:06d}{index:06d}{position:04d}" for position in range(len(lives))]
        yield History(
            shopper,
            orders=[
                order_document(shopper, number, life, today, _dice(seed, index, position))
                for position, (number, life) in enumerate(zip(numbers, lives, strict=True))
            ],
            old_orders=[
                old_order_document(
                    shopper,
                    f"{seed:06d}{index:06d}A{position:03d}",
                    today,
                    dice,
                    currency=CURRENCIES[position % len(CURRENCIES)] if is_demo else None,
                )
                for position in range(_old_orders(shopper, dice))
            ],
            trade_ins=[
                number
                for number, life in zip(numbers, lives, strict=True)
                if is_demo and life.has_trade_in
            ],
        )


def _dice(*numbers: int) -> Random:
    """Return dice that fall the same way for the same numbers."""
    return Random("/".join(map(str, numbers)))  # noqa: S311 - made-up data, nothing to guess


def _lives(count: int, dice: Random, *, is_demo: bool) -> list[Life]:
    """Return the lives of a shopper's orders; the demo shopper's come in turn."""
    if is_demo:
        return [LIVES[position % len(LIVES)] for position in range(max(count, DEMO_ORDERS))]
    weights = [life.weight for life in LIVES]
    return [dice.choices(LIVES, weights=weights)[0] for _ in range(count)]


def _old_orders(shopper: Shopper, dice: Random) -> int:
    if shopper.index == 0:
        return DEMO_OLD_ORDERS
    return 0 if shopper.is_guest else dice.choice((0, 1, 2, 3))
