"""The whole demo shop: its shoppers, each with all that they ordered."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from handlers.demo_shop.lives import LIVES, Life
from handlers.demo_shop.old_orders import old_order_document
from handlers.demo_shop.orders import order_document
from handlers.demo_shop.shoppers import Shopper, Townsfolk

# Every life twice, and more orders than one page shows.
DEMO_ORDERS = 2 * len(LIVES)
DEMO_OLD_ORDERS = 12
MAX_USERS = 999_999
MAX_ORDERS = 9_999


@dataclass(frozen=True, slots=True)
class History:
    """A shopper and the import documents of what they ordered, oldest shop first."""

    shopper: Shopper
    orders: list[dict[str, Any]]
    old_orders: list[dict[str, Any]]


def histories(users: int, orders_per_user: int, seed: int, today: datetime) -> Iterator[History]:
    """Yield as many shoppers as ``users`` says, the demo shopper first.

    The same arguments give the same shop, and ``today`` (midnight in UTC) moves only its dates.
    A shopper does not depend on how many others there are. The demo shopper has at least
    DEMO_ORDERS orders; guests have no old orders.
    """
    townsfolk = Townsfolk()
    for index in range(users):
        dice = _dice(seed, index)
        shopper = townsfolk.shopper(index, dice)
        is_demo = index == 0
        yield History(
            shopper,
            orders=[
                order_document(
                    shopper,
                    f"{seed:06d}{index:06d}{position:04d}",
                    LIVES[position % len(LIVES)] if is_demo else _life(dice),
                    today,
                    _dice(seed, index, position),
                )
                for position in range(max(orders_per_user, DEMO_ORDERS if is_demo else 0))
            ],
            old_orders=[
                old_order_document(shopper, f"{seed:06d}{index:06d}A{position:03d}", today, dice)
                for position in range(_old_orders(shopper, dice))
            ],
        )


def _dice(*numbers: int) -> Random:
    """Return dice that fall the same way for the same numbers."""
    return Random("/".join(map(str, numbers)))  # noqa: S311 - made-up data, nothing to guess


def _life(dice: Random) -> Life:
    return dice.choices(LIVES, weights=[life.weight for life in LIVES])[0]


def _old_orders(shopper: Shopper, dice: Random) -> int:
    if shopper.index == 0:
        return DEMO_OLD_ORDERS
    return 0 if shopper.is_guest else dice.choice((0, 1, 2, 3))
