"""The demo shop: its shoppers, with their orders as import documents."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from handlers.demo_shop.old_orders import CURRENCIES, old_order_document
from handlers.demo_shop.order_scenarios import SCENARIOS, Scenario
from handlers.demo_shop.orders import order_document
from handlers.demo_shop.shoppers import Shopper, ShopperFactory

# Every scenario twice, and more orders than one page shows.
DEMO_ORDERS = 2 * len(SCENARIOS)
DEMO_OLD_ORDERS = 12
MAX_USERS = 999_999
MAX_ORDERS = 9_999


@dataclass(frozen=True, slots=True)
class History:
    """A shopper with the import documents of their orders and archived orders.

    ``trade_ins`` are the numbers of the orders whose first line gets a trade-in offer, which import
    documents do not have.
    """

    shopper: Shopper
    orders: list[dict[str, Any]]
    old_orders: list[dict[str, Any]]
    trade_ins: list[str]


def histories(users: int, orders_per_user: int, seed: int, today: datetime) -> Iterator[History]:
    """Yield ``users`` shoppers, the demo shopper first.

    The same arguments give the same shop; ``today`` (midnight in UTC) moves only its dates. A
    shopper does not depend on the number of others. The demo shopper has at least DEMO_ORDERS
    orders; guests have no old orders.
    """
    factory = ShopperFactory()
    for index in range(users):
        rng = _seeded_rng(seed, index)
        shopper = factory.shopper(index, rng)
        is_demo = shopper.is_demo
        scenarios = _scenarios(orders_per_user, rng, is_demo=is_demo)
        numbers = [f"{seed:06d}{index:06d}{position:04d}" for position in range(len(scenarios))]
        yield History(
            shopper,
            orders=[
                order_document(shopper, number, scenario, today, _seeded_rng(seed, index, position))
                for position, (number, scenario) in enumerate(zip(numbers, scenarios, strict=True))
            ],
            old_orders=[
                old_order_document(
                    shopper,
                    f"{seed:06d}{index:06d}A{position:03d}",
                    today,
                    rng,
                    currency=CURRENCIES[position % len(CURRENCIES)] if is_demo else None,
                )
                for position in range(_old_orders(shopper, rng))
            ],
            trade_ins=[
                number
                for number, scenario in zip(numbers, scenarios, strict=True)
                if is_demo and scenario.has_trade_in
            ],
        )


def _seeded_rng(*numbers: int) -> Random:
    """Return a generator that draws the same values for the same numbers."""
    return Random("/".join(map(str, numbers)))  # noqa: S311 - made-up data, nothing to guess


def _scenarios(count: int, rng: Random, *, is_demo: bool) -> list[Scenario]:
    """Return the scenarios of a shopper's orders; the demo shopper has all, in rotation."""
    if is_demo:
        return [SCENARIOS[position % len(SCENARIOS)] for position in range(max(count, DEMO_ORDERS))]
    weights = [scenario.weight for scenario in SCENARIOS]
    return [rng.choices(SCENARIOS, weights=weights)[0] for _ in range(count)]


def _old_orders(shopper: Shopper, rng: Random) -> int:
    if shopper.index == 0:
        return DEMO_OLD_ORDERS
    return 0 if shopper.is_guest else rng.choice((0, 1, 2, 3))
