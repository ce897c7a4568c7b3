"""Configurations of Schemathesis: operations, callers, and known values of parameters."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from schemathesis import BaseSchema

from domain.trade_ins import OfferLink
from handlers.auth.trade_in_links import sign_link
from handlers.contract.asgi.routing import ContractApp
from handlers.settings import Settings
from tests.contract.conftest import EMAIL, PASSWORD
from tests.contract.drafts import Choice
from tests.contract.hooks import OFFERS, REFUSALS, Tokens, varied
from tests.contract.operations import OPERATIONS
from tests.contract.own_requests import OwnRequests
from tests.contract.ownership import Ownership
from tests.contract.published import published_schema
from tests.support.contract_shop import Identity, World

EXAMPLES = int(os.environ.get("WAYBILL_TEST_EXAMPLES", "100"))  # for each operation, fuzzing
FEW = 15  # for operations that another run sends EXAMPLES to
SCENARIOS = 15  # of up to six requests along the links of all operations
WALKS = 50  # the same, along the links that lead to a request

# The statuses that Schemathesis accepts by default for a valid request.
_ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "429", "5xx"]


def make_schema(
    app: ContractApp, config: dict[str, Any], tried: Iterable[str], choice: Choice | None = None
) -> BaseSchema:
    """The published document of the application with only the ``tried`` operations."""
    schema = published_schema(app, config)
    others = {operation["operationId"] for operation in OPERATIONS.values()} - set(tried)
    left = schema.exclude(operation_id=list(others))
    left.hook(varied(choice))
    return left


def make_config(world: World, answering: Identity, found: Iterable[Identity]) -> dict[str, Any]:
    """The configuration with values of the shop besides generated ones.

    ``answering`` answers trade-in offers, and orders of ``found`` are looked up.
    """
    people = world.people.values()
    first, second, third, fourth, late = (offer.order_item_pk for offer in answering.offers)
    absent = max(world.lines) + 1
    foreign = [pk for pk in world.lines if pk not in answering.lines][-1]
    return _config(
        {
            "path.pk": [pk for person in people for pk in person.orders],
            "query.page": [1, 2],
            "query.search": ["1", "OLD-"],
        },
        {
            "logIn": {"body.email": [EMAIL], "body.password": [PASSWORD]},
            "lookUpAnonymousOrder": {
                "body.email": [guest.order.user_email for guest in found],
                "body.order": [guest.order.number for guest in found],
                "body.number": [guest.order.number for guest in found],
            },
            "getOldOrder": {"path.pk": [pk for person in people for pk in person.old_orders]},
            "cancelOrder": {"path.id": [answering.order.pk]},
            "requestPasswordReset": {"body.email": [EMAIL]},
            # Showing the page does not use up a link, so that it has links of its own.
            "showPasswordPage": {"query.token": world.resets[:2]},
            "setPassword": {"body.token": world.resets[2:]},
            "redeemHandover": {"query.token": world.handovers},
            # Each operation has an offer of its own; the first that gets ``second`` answers it.
            "approveTradeIn": {"path.pk": [first, second, late, foreign, absent]},
            "rejectTradeIn": {"path.pk": [third, second, late, foreign, absent]},
            "answerTradeInOffer": {"path.pk": [fourth, late, foreign, absent]},
            "showTradeInOffer": {"path.pk": [first, second, third, late, foreign, absent]},
        },
    )


def _config(
    known: Mapping[str, list[Any]], by_operation: Mapping[str, Mapping[str, list[Any]]]
) -> dict[str, Any]:
    """The configuration with values for parameters of all operations, and of single ones."""
    everywhere = ""
    bound = {everywhere: known, **by_operation}
    dictionaries = {
        f"{operation_id}.{name}": {"values": values}
        for operation_id, values_by_name in bound.items()
        for name, values in values_by_name.items()
    }

    def parameters(operation_id: str) -> dict[str, Any]:
        return {
            name: {"dictionary": f"{operation_id}.{name}", "probability": 0.8}
            for name in bound.get(operation_id, ())
        }

    return {
        "seed": 1,  # each run sends the same requests
        "cache": {"enabled": False},
        "suppress-health-check": ["too_slow"],  # a busy machine is not our fault
        "generation": {"max-examples": EXAMPLES, "database": "none"},
        "dictionaries": dictionaries,
        "parameters": parameters(everywhere),
        "phases": {"stateful": {"generation": {"max-examples": SCENARIOS}}},
        # Also 414: a URL past 8 KiB is refused before its parameters are read.
        "checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}},
        "operations": [
            {
                "include-operation-id": operation_id,
                "parameters": parameters(operation_id),
                # These refusals have a check of our own, hooks.known_refusal.
                "checks": {
                    "positive_data_acceptance": {
                        "expected-statuses": [*_ACCEPTED, *map(str, REFUSALS.get(operation_id, ()))]
                    }
                },
            }
            for operation_id in sorted({*REFUSALS, *by_operation})
        ],
    }


def as_identity(
    config: dict[str, Any], who: str, peers: Mapping[str, Identity], directory: Path
) -> dict[str, Any]:
    """The configuration for one identity's requests; checks repeat them as its peers, and
    anonymously."""
    entries = [
        {
            "name": name,
            "fixedHeaders": [
                {"name": header, "value": value} for header, value in peer.headers.items()
            ],
        }
        for name, peer in peers.items()
    ]
    file = directory / "identities.json"
    file.write_text(json.dumps({"auth": entries}))
    config["auth"] = {"wfc": {"path": str(file), "user": who, "peers": list(peers)}}
    foreign = [pk for name, peer in peers.items() if name != who for pk in peer.lines]
    config["checks"][OwnRequests.__name__] = {
        "credential": peers[who].credential,
        "own": peers[who].lines,
        "foreign": foreign,
    }
    return config


def as_person(who: str, world: World, directory: Path) -> dict[str, Any]:
    """The configuration for the requests of a user with a session."""
    config = make_config(world, world.shoppers[who], world.guests.values())
    person = world.people[who]
    others = [other for other in world.people.values() if other is not person]
    # A brief run draws few pks, which must include own and foreign ones.
    drawn = config["dictionaries"]["getOldOrder.path.pk"]["values"]
    drawn += person.old_orders * (len(others) - 1)
    config["checks"][Ownership.__name__] = {
        "session": person.session,
        "user": person.user.pk,
        "is_guest": person.is_guest,
        "own": {"orders": person.orders, "old_orders": person.old_orders},
        "foreign": {
            "orders": [pk for other in others for pk in other.orders],
            "old_orders": [pk for other in others for pk in other.old_orders],
        },
    }
    # It expects 401 or 403 for a wrong token, which gets 404. The anonymous run has it, and ignores
    # that response alone (hooks.filter_failure).
    for operation in config["operations"]:
        if operation["include-operation-id"] in OFFERS:
            operation["checks"]["ignored_auth"] = {"enabled": False}
    return as_identity(config, who, world.shoppers, directory)


def briefly(config: dict[str, Any], names: Iterable[str] = ()) -> dict[str, Any]:
    """The configuration with fewer examples, for operations that another run tests fully.

    These are the operations of these names; without names all of them, and without the phases that
    send the same requests for every caller.
    """
    few = {"max-examples": FEW}
    for operation in config["operations"]:
        if operation["include-operation-id"] in names:
            operation["generation"] = few
    if not names:
        _demand(1, config)
        config["generation"] |= few
        config["phases"] |= {"examples": {"enabled": False}, "coverage": {"enabled": False}}
    return config


def walking(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with only the stateful phase, which requests few foreign objects."""
    _demand(0, config)
    config["phases"] = {phase: {"enabled": False} for phase in ("examples", "coverage", "fuzzing")}
    config["phases"]["stateful"] = {"generation": {"max-examples": WALKS}}
    return config


def _demand(enough: int, config: dict[str, Any]) -> None:
    """Set how often own and foreign objects must be requested."""
    for check in config["checks"].keys() & {Ownership.__name__, OwnRequests.__name__}:
        config["checks"][check]["enough"] = enough


def links(owner: Identity, settings: Settings) -> Tokens:
    """The tokens of the links that were mailed to ``owner``, by operation and line."""
    return {
        name: {
            str(offer.order_item_pk): sign_link(OfferLink(offer.uuid), name, settings)
            for offer in owner.offers
        }
        for name in OFFERS
    }


def as_anonymous(config: dict[str, Any], tokens: Tokens) -> dict[str, Any]:
    """The configuration for requests without a cookie, by a holder of mailed links."""
    config["checks"][OwnRequests.__name__] = {"tokens": tokens}
    return config
