"""Schemathesis tries the operations of sellers, as a seller whose token is good for everything."""

from typing import Any

import pytest
import schemathesis
from schemathesis import BaseSchema, Config
from schemathesis.engine import Status

from domain.users import User
from handlers.contract.routing import ContractApp
from tests.application import Shop
from tests.builders import make_item, make_seller
from tests.contract.engine import run
from tests.contract.operations import OPERATIONS, admitting

OF_SELLERS = admitting("SellerToken")
EXAMPLES = 100  # for each operation, while fuzzing


@pytest.fixture
def headers(shop: Shop, shopper: User) -> dict[str, str]:
    seller = make_seller()
    for _ in range(3):
        shop.order(shopper, items=[make_item(seller=seller)])
    token = f"Bearer {shop.token(seller)}"
    # Both, since Schemathesis makes one up where it finds a scheme without a value.
    return {
        "Authorization": token,
        "Authentication": token,
        "Content-Type": "application/json",
    }


def make_schema(app: ContractApp, headers: dict[str, str]) -> BaseSchema:
    config: dict[str, Any] = {
        "seed": 1,  # each run sends the same requests
        "headers": headers,
        "cache": {"enabled": False},
        "suppress-health-check": ["too_slow"],  # a busy machine is no fault of ours
        "generation": {"max-examples": EXAMPLES, "database": "none"},
        # The other phases would send thousands of requests for the 85 filters.
        "phases": {name: {"enabled": False} for name in ("examples", "coverage", "stateful")},
        # Also 414: a URL past 8 KiB is refused before anybody looks at its parameters.
        "checks": {
            "negative_data_rejection": {"expected-statuses": ["4xx"]},
            # No schema tells which cursors are ours, nor that none goes with a page; and no made-up
            # item is there to be rejected, and keys that are made up may be the same twice.
            "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404", "422"]},
        },
    }
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=Config.from_dict(config))
    schema.location = None  # with it, the operation that gave the document is left out
    others = {each["operationId"] for each in OPERATIONS.values()} - set(OF_SELLERS.values())
    return schema.exclude(operation_id=list(others))


def test_the_contract_holds_for_a_seller(app: ContractApp, headers: dict[str, str]) -> None:
    told = run(make_schema(app, headers))

    assert not told.failures, str(told)
    assert told.fuzzed.keys() == OF_SELLERS.keys()
    assert told.phases["fuzzing"] == Status.SUCCESS
