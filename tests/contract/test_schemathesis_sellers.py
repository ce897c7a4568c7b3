"""Schemathesis tests the operations of sellers with a token that has all scopes.

The two lists with dozens of filters run without the phase that tries every value of every filter,
which sends thousands of requests, unless WAYBILL_TEST_EVERY_FILTER is set.
"""

import os
from dataclasses import dataclass
from typing import Any

import pytest
from schemathesis import BaseSchema
from schemathesis.engine import Status

from domain.accounts.users import User
from domain.orders.orders import Order
from handlers.contract.asgi.routing import ContractApp
from tests.contract.configuration import EXAMPLES, WALKS
from tests.contract.engine import run
from tests.contract.operations import OPERATIONS, admitting
from tests.contract.published import published_schema
from tests.contract.seller_ownership import SellerOwnership
from tests.support.application import Shop
from tests.support.builders import make_item, make_seller

OF_SELLERS = admitting("SellerToken")
ITEMS = "GET /api/i1/order-items/"
REJECT = "POST /api/i1/order-items/{orderitem_id}/reject/"
OF_MANY_FILTERS = {"GET /api/i1/orders/", ITEMS}
IN_EVERY_PHASE = (
    OF_SELLERS
    if os.environ.get("WAYBILL_TEST_EVERY_FILTER")
    else {label: name for label, name in OF_SELLERS.items() if label not in OF_MANY_FILTERS}
)
LINES = 10  # of each seller
ENOUGH = 5


@dataclass
class Market:
    """A seller with a token, and an order that is shared with another seller."""

    token: str
    order: Order

    @property
    def own(self) -> list[str]:
        return [str(item.uuid) for item in self.order.items[:LINES]]

    @property
    def foreign(self) -> list[str]:
        return [str(item.uuid) for item in self.order.items[LINES:]]

    @property
    def hidden(self) -> list[str]:
        """Ids that the seller must not see: the order's own, and the other seller's."""
        other = self.order.items[-1].seller
        assert other is not None
        return [str(self.order.uuid), str(other.uuid)]


@pytest.fixture
def market(shop: Shop, shopper: User) -> Market:
    seller, other = make_seller(), make_seller()
    sellers = [seller] * LINES + [other] * LINES
    items = [make_item(line=line, seller=seller) for line, seller in enumerate(sellers, 1)]
    order = shop.order(shopper, items=items)
    return Market(f"Bearer {shop.token(seller)}", order)


def make_config(market: Market) -> dict[str, Any]:
    ownership = {"token": market.token, "own": market.own, "foreign": market.foreign}
    known = [uuid for pair in zip(market.own, market.foreign, strict=True) for uuid in pair]
    return {
        "seed": 1,  # each run sends the same requests
        # Both headers, since Schemathesis generates values for schemes without one.
        "headers": {
            "Authorization": market.token,
            "Authentication": market.token,
            "Content-Type": "application/json",
        },
        "cache": {"enabled": False},
        "suppress-health-check": ["too_slow"],  # a busy machine is not our fault
        "generation": {"max-examples": EXAMPLES, "database": "none"},
        "dictionaries": {"items": {"values": known}},
        "parameters": {"path.orderitem_id": {"dictionary": "items", "probability": 0.8}},
        "checks": {
            # Also 414: a URL past 8 KiB is refused before its parameters are read.
            "negative_data_rejection": {"expected-statuses": ["4xx"]},
            # No schema describes which cursors are valid, or that a page excludes one; and
            # generated keys may repeat.
            "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404", "422"]},
            SellerOwnership.__name__: ownership | {"hidden": market.hidden},
        },
    }


def make_schema(app: ContractApp, config: dict[str, Any], tried: set[str]) -> BaseSchema:
    schema = published_schema(app, config)
    others = {operation["operationId"] for operation in OPERATIONS.values()} - tried
    return schema.exclude(operation_id=list(others))


def without(config: dict[str, Any], *phases: str) -> dict[str, Any]:
    config["phases"] = {name: {"enabled": False} for name in phases}
    return config


class TestContract:
    def test_holds_for_a_seller(self, app: ContractApp, market: Market) -> None:
        config = without(make_config(market), "stateful")

        result = run(make_schema(app, config, set(IN_EVERY_PHASE.values())))

        assert not result.failures, str(result)
        assert result.fuzzed.keys() == IN_EVERY_PHASE.keys()
        assert min(result.fuzzed.values()) >= EXAMPLES
        assert {result.phases[name] for name in ("examples", "coverage", "fuzzing")} == {
            Status.SUCCESS
        }
        for label in IN_EVERY_PHASE:
            assert result.accepted(label) >= ENOUGH, f"{label}: {result.statuses[label]}"
            assert result.refused(label) >= ENOUGH, f"{label}: {result.statuses[label]}"

    def test_holds_for_generated_filters(self, app: ContractApp, market: Market) -> None:
        config = without(make_config(market), "coverage", "stateful")
        config["checks"][SellerOwnership.__name__]["enough"] = 0

        result = run(make_schema(app, config, {OF_SELLERS[label] for label in OF_MANY_FILTERS}))

        assert not result.failures, str(result)
        assert result.fuzzed.keys() == OF_MANY_FILTERS
        assert min(result.fuzzed.values()) >= EXAMPLES
        assert result.phases["fuzzing"] == Status.SUCCESS

    def test_has_a_link_from_items_to_their_rejection(
        self, app: ContractApp, market: Market
    ) -> None:
        config = without(make_config(market), "examples", "coverage", "fuzzing")
        config["phases"]["stateful"] = {"generation": {"max-examples": WALKS}}
        config["checks"][SellerOwnership.__name__]["enough"] = 0

        result = run(make_schema(app, config, {OF_SELLERS[ITEMS], OF_SELLERS[REJECT]}))

        assert not result.failures, str(result)
        assert (ITEMS, REJECT) in result.links
        assert result.accepted(REJECT)
