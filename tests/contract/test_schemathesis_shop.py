"""Schemathesis tests the operations of the shop's own systems with their token."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
from schemathesis import Case, CheckContext, Response
from schemathesis.engine import Status
from starlette.testclient import TestClient

from domain.accounts.sessions import id_hash
from handlers.contract.asgi.routing import ContractApp
from handlers.web.request_context import PARTS
from tests.contract.configuration import EXAMPLES
from tests.contract.engine import run
from tests.contract.hooks import operation_id
from tests.contract.operations import admitting
from tests.contract.test_schemathesis_sellers import make_schema, without
from tests.support.application import Clients, Shop

OF_SHOP = admitting("ShopToken")
ENOUGH = 5


@schemathesis.check
class RightShopper:
    """Every link in a response opens a session of the user with the address of the request."""

    def __init__(self, users: dict[str, int] | None = None) -> None:
        self._users = users or {}

    def after_response(self, _ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """Raises AssertionError for a session of another user."""
        if operation_id(case) != "createHandover" or response.status_code != 201:
            return
        app: Any = case.operation.app
        body: Any = case.body
        token = parse_qs(urlsplit(str(response.json()["url"])).query)["token"][0]
        client = TestClient(app, follow_redirects=False)
        client.get("/users/handover/", params={"token": token})
        with app.app.extensions[PARTS].database.reading() as uow:
            owner = uow.sessions.owner(id_hash(client.cookies["sessionid"]))
        assert owner is not None
        assert owner.user_pk == self._users[body["email"].strip()]


def make_config(token: str, users: dict[str, int]) -> dict[str, Any]:
    return {
        "seed": 1,  # each run sends the same requests
        "headers": {"Authorization": f"Bearer {token}"},
        "cache": {"enabled": False},
        "suppress-health-check": ["too_slow"],  # a busy machine is not our fault
        "generation": {"max-examples": EXAMPLES, "database": "none"},
        "dictionaries": {"emails": {"values": list(users)}},
        "parameters": {"body.email": {"dictionary": "emails", "probability": 0.5}},
        "checks": {
            # Also 414: a URL past 8 KiB is refused before its parameters are read.
            "negative_data_rejection": {"expected-statuses": ["4xx"]},
            RightShopper.__name__: {"users": users},
        },
    }


class TestContract:
    def test_holds_for_the_shop(self, app: ContractApp, shop: Shop) -> None:
        users = {user.email: user.pk for user in (shop.user() for _ in range(3))}
        config = without(make_config(shop.shop_token(), users), "stateful")

        result = run(make_schema(app, config, set(OF_SHOP.values())))

        assert not result.failures, str(result)
        assert result.fuzzed.keys() == OF_SHOP.keys()
        assert min(result.fuzzed.values()) >= EXAMPLES
        assert {result.phases[name] for name in ("examples", "coverage", "fuzzing")} == {
            Status.SUCCESS
        }
        for label in OF_SHOP:
            assert result.accepted(label) >= ENOUGH, f"{label}: {result.statuses[label]}"
            assert result.refused(label) >= ENOUGH, f"{label}: {result.statuses[label]}"


@pytest.mark.parametrize("label", OF_SHOP)
def test_needs_a_token(clients: Clients, label: str) -> None:
    method, _, path = label.partition(" ")

    assert clients.new().request(method, path, json={}).status_code == 401
