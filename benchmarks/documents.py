"""The import documents of the benchmark's shop: orders with three items."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from random import Random
from typing import Any

from handlers.demo_shop.old_orders import old_order_document
from handlers.demo_shop.order_scenarios import SCENARIOS, Scenario
from handlers.demo_shop.orders import order_document
from handlers.demo_shop.shoppers import Shopper, ShopperFactory

ITEMS = 3
ORDERS_PER_USER = 24
OLD_ORDERS_PER_USER = 13  # more than a page of twelve
# The peers store money with two decimals.
_CURRENCIES = {"try", "eur"}
_WHOLE_SECOND = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\+00:00)")
_TO_BE_CANCELLED = Scenario("approved", (0, 3))
# With requests to cancel, a page of twelve orders would be half as large again.
_UNTROUBLED = [scenario for scenario in SCENARIOS if not scenario.request]


@dataclass(frozen=True, slots=True)
class History:
    """A shopper with the import documents of their orders."""

    shopper: Shopper
    orders: list[Any]
    old_orders: list[Any]


def make_histories(orders: int, supply: int, seed: int, today: datetime) -> Iterator[History]:
    """Yield the reader first, then the writer, then the others; ``orders`` orders in all.

    The writer has orders for ``supply`` items, all of which can be cancelled.
    """
    shoppers = _shoppers(seed)
    yield _history(next(shoppers), ORDERS_PER_USER, _UNTROUBLED, seed, today)
    writers = -(-supply // ITEMS)
    yield _history(next(shoppers), writers, (_TO_BE_CANCELLED,), seed, today)
    for _ in range(ORDERS_PER_USER + writers, orders, ORDERS_PER_USER):
        yield _history(next(shoppers), ORDERS_PER_USER, SCENARIOS, seed, today)


def _shoppers(seed: int) -> Iterator[Shopper]:
    factory = ShopperFactory()
    for index in count():
        shopper = factory.shopper(index, _rng(seed, index))
        if shopper.language == "tr-tr" and not shopper.is_guest:
            yield shopper


def _history(
    shopper: Shopper, orders: int, scenarios: Sequence[Scenario], seed: int, today: datetime
) -> History:
    weights = [scenario.weight for scenario in scenarios]
    drawn = _rng(seed, shopper.index, "lives").choices(scenarios, weights, k=orders)
    return History(
        shopper,
        [_order(shopper, place, scenario, seed, today) for place, scenario in enumerate(drawn)],
        [_old_order(shopper, place, seed, today) for place in range(OLD_ORDERS_PER_USER)],
    )


def _order(shopper: Shopper, place: int, scenario: Scenario, seed: int, today: datetime) -> Any:
    number = f"B{seed:03d}{shopper.index:06d}{place:06d}"
    for attempt in count():
        rng = _rng(seed, shopper.index, place, attempt)
        document = order_document(shopper, number, scenario, today, rng)
        if len(document["items"]) == ITEMS and document["currency"] in _CURRENCIES:
            return _with_microseconds(document)
    raise AssertionError


def _old_order(shopper: Shopper, place: int, seed: int, today: datetime) -> Any:
    number = f"B{seed:03d}{shopper.index:06d}A{place:05d}"
    for attempt in count():
        rng = _rng(seed, shopper.index, "old", place, attempt)
        document = old_order_document(shopper, number, today, rng)
        if document["currency"] in _CURRENCIES:
            return _with_microseconds(document)
    raise AssertionError


def _with_microseconds(value: Any) -> Any:
    """Add microseconds to all times: frameworks format whole seconds differently, and a custom
    format would slow the peers down.
    """
    if isinstance(value, dict):
        return {key: _with_microseconds(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_microseconds(item) for item in value]
    return _WHOLE_SECOND.sub(r"\1.123457\2", value) if isinstance(value, str) else value


def _rng(*parts: object) -> Random:
    return Random("/".join(map(str, parts)))  # noqa: S311 - made-up data, nothing to guess
