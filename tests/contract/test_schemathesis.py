"""Schemathesis tries the published contract on the application: all its checks, in all phases.

Two shoppers and a guest each ask for the orders of all three.
"""

import json
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import strategies as st
from schemathesis import (
    BaseSchema,
    Case,
    CheckContext,
    Config,
    DeserializationContext,
    HookContext,
    Response,
)
from schemathesis.core.media_types import YAML_MEDIA_TYPES
from schemathesis.engine import Status

from domain import orders
from domain.callers import Caller
from domain.sessions import id_hash, open_session
from domain.unit_of_work import UnitOfWork
from handlers.context import Parts
from handlers.contract.bundle import load_contract
from handlers.contract.negotiation import HTML, JSON
from handlers.contract.routing import ContractApp
from handlers.security import new_csrf_token
from handlers.settings import Settings
from tests.contract.conftest import EMAIL, PASSWORD, Person
from tests.contract.engine import run
from tests.contract.ownership import Ownership

EXAMPLES = 100  # for each operation, while fuzzing
SCENARIOS = 40  # of up to six requests along the links
PHASES = ("examples", "coverage", "fuzzing", "stateful")
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in load_contract().document["paths"].items()
    for method, operation in item.items()
}
# By whether the contract wants a session for them.
OPEN = {label: each["operationId"] for label, each in OPERATIONS.items() if "security" in each}
CLOSED = {label: each["operationId"] for label, each in OPERATIONS.items() if label not in OPEN}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Without limits: hundreds of logins fail here, all of them from one address."""
    return replace(settings, limits=False)


@schemathesis.deserializer(*YAML_MEDIA_TYPES)
def read_yaml(_context: DeserializationContext, response: Response) -> Any:
    """As Schemathesis does it, but only once: the contract takes half a second."""
    return _yaml(response.content)


@cache
def _yaml(content: bytes) -> Any:
    return yaml.safe_load(content)


@schemathesis.check
def login_refusal(_context: CheckContext, response: Response, case: Case) -> None:
    """Where a valid login is refused with 400, it is for its credentials and nothing else."""
    is_login = case.operation.definition.raw["operationId"] == "logIn"
    is_valid = case.meta is not None and case.meta.generation.mode.is_positive
    if is_login and is_valid and response.status_code == 400 and case.media_type == JSON:
        assert response.json()["error_code"] == "login_failed"


@schemathesis.hook
def before_call(_context: HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
    """Log out of a session that was opened for this request alone, with its token.

    The run goes on in the other one. What has a token already, or no session, stays as it is.
    """
    if case.operation.definition.raw["operationId"] != "logOut" or "x-csrftoken" in case.headers:
        return
    parts: Parts = case.operation.app.app.extensions["waybill"]
    value = case.headers.get("Cookie", "").removeprefix("sessionid=")
    with parts.database.writing() as uow:
        owner = uow.sessions.owner(id_hash(value))
        user = uow.users.get(owner.user_pk) if owner else None
        if user is None:
            return
        opened = open_session(user, timedelta(hours=1), uow).value
    token = new_csrf_token(opened, parts.settings)
    case.headers["Cookie"] = f"sessionid={opened}; csrftoken={token}"
    case.headers["x-csrftoken"] = token


def flatmap_case(_context: HookContext, case: Case) -> st.SearchStrategy[Case]:
    """The case with a media type that its operation offers, and with a cache-buster.

    So there is more than one request for operations without parameters, too.
    """
    offered = [
        kind
        for status, response in case.operation.definition.raw["responses"].items()
        for kind in response.get("content", ())
        if status < "300"
    ]
    # Whoever wants a page gets JSON where there is none.
    pages = [HTML] if JSON in offered else []

    def varied(accept: str, number: int) -> Case:
        case.headers["Accept"], case.query["_"] = accept, str(number)
        return case

    return st.builds(varied, st.sampled_from(["*/*", *offered, *pages]), st.integers(min_value=0))


def make_schema(app: ContractApp, config: dict[str, Any], skipped: dict[str, str]) -> BaseSchema:
    """The contract that the application publishes, but for the ``skipped`` operations."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=Config.from_dict(config))
    schema.location = None  # with it, the operation that gave the document is left out
    tried = schema.exclude(operation_id=list(skipped.values()))
    tried.hook(flatmap_case)
    return tried


def make_config(people: dict[str, Person], **overrides: Any) -> dict[str, Any]:
    """Values that mean something stand among those that are made up."""
    pks = {pk for person in people.values() for pk in person.orders + person.old_orders}
    known = {
        "path.pk": sorted(pks),
        "query.page": [1, 2],
        "query.search": ["1", "OLD-"],
        "body.email": [EMAIL],
        "body.password": [PASSWORD],
    }
    config = {
        "seed": 1,  # each run sends the same requests
        "cache": {"enabled": False},
        "suppress-health-check": ["too_slow"],  # a busy machine is no fault of ours
        "generation": {"max-examples": EXAMPLES, "database": "none"},
        "dictionaries": {name: {"values": values} for name, values in known.items()},
        "parameters": {name: {"dictionary": name, "probability": 0.8} for name in known},
        "phases": {"stateful": {"generation": {"max-examples": SCENARIOS}}},
        # Also 414: a URL past 8 KiB is refused before anybody looks at its parameters.
        "checks": {"negative_data_rejection": {"expected-statuses": ["4xx"]}},
        "operations": [
            {
                "include-operation-id": "logIn",
                # No contract can tell which credentials are right; see login_refusal.
                "checks": {"positive_data_acceptance": {"expected-statuses": [200, 303, 400]}},
            }
        ],
    }
    return config | overrides


def make_config_of(who: str, people: dict[str, Person], directory: Path) -> dict[str, Any]:
    """One person's requests; checks repeat them as the other people, and without a session."""
    config = make_config(people)
    cookies = {
        name: [{"name": "Cookie", "value": f"sessionid={person.session}"}]
        for name, person in people.items()
    }
    entries = [{"name": name, "fixedHeaders": headers} for name, headers in cookies.items()]
    file = directory / "sessions.json"
    file.write_text(json.dumps({"auth": entries}))
    config["auth"] = {"wfc": {"path": str(file), "user": who, "peers": list(people)}}
    person = people[who]
    others = [each for each in people.values() if each is not person]
    config["checks"][Ownership.__name__] = {
        "session": person.session,
        "user": person.user.pk,
        "is_guest": person.is_guest,
        "own": {"orders": person.orders, "old_orders": person.old_orders},
        "foreign": {
            "orders": [pk for each in others for pk in each.orders],
            "old_orders": [pk for each in others for pk in each.old_orders],
        },
    }
    return config


class TestContract:
    @pytest.mark.parametrize("who", ["elif", "guest"])
    def test_holds_with_a_session(
        self, app: ContractApp, people: dict[str, Person], tmp_path: Path, who: str
    ) -> None:
        told = run(make_schema(app, make_config_of(who, people, tmp_path), skipped=OPEN))

        assert not told.failures, str(told)
        assert told.fuzzed.keys() == CLOSED.keys()
        assert min(told.fuzzed.values()) >= EXAMPLES
        assert [told.phases[phase] for phase in PHASES] == [Status.SUCCESS] * len(PHASES)

    def test_holds_without_a_session(self, app: ContractApp, people: dict[str, Person]) -> None:
        # No link leads to or from any of these operations.
        config = make_config(people, phases={"stateful": {"enabled": False}})

        told = run(make_schema(app, config, skipped=CLOSED))

        assert not told.failures, str(told)
        assert told.fuzzed.keys() == OPEN.keys()
        assert min(told.fuzzed.values()) >= EXAMPLES

    def test_is_broken_where_orders_are_shown_to_others(
        self,
        app: ContractApp,
        people: dict[str, Person],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        owners = {pk: person.user.pk for person in people.values() for pk in person.orders}
        show = orders.get_user_order

        def show_any(_caller: Caller, pk: int, language: str, uow: UnitOfWork) -> bytes:
            return show(Caller(user_pk=owners.get(pk, 0), is_guest=False), pk, language, uow)

        monkeypatch.setattr(orders, "get_user_order", show_any)
        shown = {"listUserOrders", "getUserOrder"}
        others = {label: each for label, each in (OPEN | CLOSED).items() if each not in shown}
        config = make_config_of("elif", people, tmp_path)
        config["phases"] |= {"examples": {"enabled": False}, "coverage": {"enabled": False}}
        config["generation"] = {"max-examples": 30, "no-shrink": True, "database": "none"}

        told = run(make_schema(app, config, skipped=others))

        assert {"Ownership", "object_level_authorization"} <= told.failures.keys()
