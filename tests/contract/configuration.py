"""How Schemathesis is set up: the operations of a run, who sends it, and values it may name."""

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
FEW = 15  # where another run sends as many as that
SCENARIOS = 15  # of up to six requests along the links of all operations
WALKS = 50  # the same, along the links that lead to a request

# What Schemathesis takes for the answer to a valid request, unless told otherwise.
_ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "429", "5xx"]


def make_schema(
    app: ContractApp, config: dict[str, Any], tried: Iterable[str], choice: Choice | None = None
) -> BaseSchema:
    """All that the application publishes, of which the ``tried`` operations are left."""
    schema = published_schema(app, config)
    others = {operation["operationId"] for operation in OPERATIONS.values()} - set(tried)
    left = schema.exclude(operation_id=list(others))
    left.hook(varied(choice))
    return left


def make_config(world: World, answering: Identity, found: Iterable[Identity]) -> dict[str, Any]:
    """Values that mean something stand among those that are made up.

    Trade-ins that ``answering`` is offered are answered, and orders of ``found`` are looked up.
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
            # What shows the page uses nothing up, and gets links of its own.
            "showPasswordPage": {"query.token": world.resets[:2]},
            "setPassword": {"body.token": world.resets[2:]},
            "redeemHandover": {"query.token": world.handovers},
            # Each has an offer of its own, and the second is answered by whichever comes first.
            "approveTradeIn": {"path.pk": [first, second, late, foreign, absent]},
            "rejectTradeIn": {"path.pk": [third, second, late, foreign, absent]},
            "answerTradeInOffer": {"path.pk": [fourth, late, foreign, absent]},
            "showTradeInOffer": {"path.pk": [first, second, third, late, foreign, absent]},
        },
    )


def _config(
    known: Mapping[str, list[Any]], by_operation: Mapping[str, Mapping[str, list[Any]]]
) -> dict[str, Any]:
    """The configuration with values for parameters everywhere, and for those of one operation."""
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
        "suppress-health-check": ["too_slow"],  # a busy machine is no fault of ours
        "generation": {"max-examples": EXAMPLES, "database": "none"},
        "dictionaries": dictionaries,
        "parameters": parameters(everywhere),
        "phases": {"stateful": {"generation": {"max-examples": SCENARIOS}}},
        # Also 414: a URL past 8 KiB is refused before anybody looks at its parameters.
        "checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}},
        "operations": [
            {
                "include-operation-id": operation_id,
                "parameters": parameters(operation_id),
                # A check of ours judges these refusals; see hooks.known_refusal.
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
    """The configuration for one identity's requests; checks repeat them as its peers, and as
    nobody."""
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
    """The configuration for the requests of somebody with a session."""
    config = make_config(world, world.shoppers[who], world.guests.values())
    person = world.people[who]
    others = [other for other in world.people.values() if other is not person]
    # A brief run draws few, and both own and foreign ones have to be among them.
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
    # It wants 401 or 403 for a wrong token, which gets 404. In the run of nobody it stays on, and
    # that answer alone is let pass (hooks.filter_failure); here it would be asked for each time.
    for operation in config["operations"]:
        if operation["include-operation-id"] in OFFERS:
            operation["checks"]["ignored_auth"] = {"enabled": False}
    return as_identity(config, who, world.shoppers, directory)


def briefly(config: dict[str, Any], names: Iterable[str] = ()) -> dict[str, Any]:
    """The configuration with fewer examples of what another run tries at length.

    That are the operations of these names, or else all of them, which then go without the phases
    that send the same requests whoever sends them.
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
    """The configuration for the stateful phase alone, which leads to few foreign things."""
    _demand(0, config)
    config["phases"] = {phase: {"enabled": False} for phase in ("examples", "coverage", "fuzzing")}
    config["phases"]["stateful"] = {"generation": {"max-examples": WALKS}}
    return config


def _demand(enough: int, config: dict[str, Any]) -> None:
    """Set how often own and foreign things have to be asked for."""
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
    """The configuration for requests without a cookie, of somebody who has mailed links."""
    config["checks"][OwnRequests.__name__] = {"tokens": tokens}
    return config
