"""Schemathesis tests the application with the published contract: all checks, in all phases.

Two shoppers and a guest request the orders of all three, cancel, return and trade in; two guests
do so without a session for the orders that they have looked up; so does an anonymous caller.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from schemathesis.engine import Status

from domain.accounts.callers import Caller
from domain.cancellations import requests as cancellation_requests
from domain.cancellations.requests import CancellationRequestQuery
from domain.orders import orders
from domain.orders.cancellations import CancellationRequest
from domain.shared.paging import Page
from domain.unit_of_work import UnitOfWork
from handlers.app import database_of
from handlers.contract.asgi.routing import ContractApp
from handlers.settings import Settings
from tests.contract.configuration import (
    EXAMPLES,
    FEW,
    as_anonymous,
    as_identity,
    as_person,
    briefly,
    links,
    make_config,
    make_schema,
    walking,
)
from tests.contract.conftest import Person
from tests.contract.drafts import Choice
from tests.contract.engine import Link, Run, run
from tests.contract.hooks import BULK, ONE_TIME, SINGLE, TRADE_INS, LinkHolder
from tests.contract.operations import admitting
from tests.support.application import Shop
from tests.support.contract_shop import World, make_world

PHASES = ("examples", "coverage", "fuzzing", "stateful")
ENOUGH = 5

OF_SHOPPERS = admitting("SessionCookie")
OF_GUESTS = admitting("OrderGrant") | {"POST /users/orders/anonymous/": "lookUpAnonymousOrder"}
ANONYMOUS = admitting(None, "TradeInToken")
# Operations in which an anonymous caller can succeed only with another caller's credential.
OTHERWISE = {*OF_GUESTS.values(), *admitting("TradeInToken").values()}

ORDERS = "GET /users/orders/"
REASONS = "GET /users/orders/cancellation_reasons/"
PAGE = "GET /users/orders/{pk}/cancellation/"
REQUEST = "POST /users/orders/cancellation_requests/"
LIST = "GET /users/orders/cancellation_requests/"
LOOK_UP = "POST /users/orders/anonymous/"
GUEST_REQUEST = "POST /users/orders/anonymous/cancellation_requests/"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Without rate limits: hundreds of logins from one address fail here."""
    return replace(settings, limits=False)


@pytest.fixture
def world(app: ContractApp, shop: Shop, people: dict[str, Person]) -> World:
    return make_world(app, shop, people)


def require_success(result: Run, tried: Iterable[str], examples: int = EXAMPLES) -> None:
    """Raises AssertionError for a failure, and for an operation with too few examples."""
    assert not result.failures, str(result)
    assert result.fuzzed.keys() == set(tried)
    assert min(result.fuzzed.values()) >= examples


def require_answers(result: Run, labels: Iterable[str], enough: int = ENOUGH) -> None:
    """Raises AssertionError for an operation with too few successes or too few errors."""
    for label in labels:
        assert result.accepted(label) >= enough, f"{label}: {result.statuses[label]}"
        assert result.refused(label) >= enough, f"{label}: {result.statuses[label]}"


def require_links(result: Run, *links: Link) -> None:
    """Raises AssertionError for a link that was not followed."""
    assert set(links) <= result.links.keys(), result.links


def walk(app: ContractApp, config: dict[str, Any], tried: Iterable[str], choice: Choice) -> Run:
    """Follow the links between the ``tried`` operations.

    Any change of the document changes the links that are drawn, and a run may miss one. So there
    are three runs.
    """
    result = Run()
    for seed in (1, 2, 3):
        run(make_schema(app, walking(config) | {"seed": seed}, tried, choice), result)
    return result


class TestContract:
    def test_holds_with_a_session(self, app: ContractApp, world: World, tmp_path: Path) -> None:
        caller, stranger = world.shoppers["elif"], world.shoppers["mert"]
        config = as_person("elif", world, tmp_path)

        result = run(make_schema(app, config, OF_SHOPPERS.values(), world.choice(caller, stranger)))

        require_success(result, OF_SHOPPERS)
        require_answers(result, OF_SHOPPERS)
        assert [result.phases[phase] for phase in PHASES] == [Status.SUCCESS] * len(PHASES)

    def test_holds_with_the_session_of_a_guest(
        self, app: ContractApp, world: World, tmp_path: Path
    ) -> None:
        caller, stranger = world.shoppers["guest"], world.shoppers["mert"]
        config = as_person("guest", world, tmp_path)
        config = briefly(config)

        result = run(make_schema(app, config, OF_SHOPPERS.values(), world.choice(caller, stranger)))

        require_success(result, OF_SHOPPERS, FEW)
        # Guests have no old orders, and get their newest order for any pk.
        changing = SINGLE | BULK | TRADE_INS
        answered = {label for label, name in OF_SHOPPERS.items() if name in changing}
        require_answers(result, answered, enough=1)

    def test_holds_with_a_grant(self, app: ContractApp, world: World, tmp_path: Path) -> None:
        caller, stranger = world.guests["deniz"], world.guests["ece"]
        config = make_config(world, world.shoppers["elif"], [caller])
        config = as_identity(config, "deniz", world.guests, tmp_path)

        result = run(make_schema(app, config, OF_GUESTS.values(), world.choice(caller, stranger)))

        require_success(result, OF_GUESTS)
        require_answers(result, OF_GUESTS)
        assert [result.phases[phase] for phase in PHASES] == [Status.SUCCESS] * len(PHASES)

    def test_holds_for_an_anonymous_caller(
        self, app: ContractApp, world: World, settings: Settings
    ) -> None:
        owner, stranger = world.shoppers["elif"], world.guests["ece"]
        tokens = links(owner, settings)
        config = as_anonymous(make_config(world, owner, world.guests.values()), tokens)
        config = briefly(config, OTHERWISE)
        # These operations have no links, except for those that need a grant.
        config["phases"]["stateful"] = {"enabled": False}
        schema = make_schema(app, config, ANONYMOUS.values(), world.choice(owner, stranger))
        schema.auth.providers.append(LinkHolder(tokens))

        result = run(schema)

        require_success(result, ANONYMOUS, FEW)
        assert (
            min(result.fuzzed[label] for label, name in ANONYMOUS.items() if name not in OTHERWISE)
            >= EXAMPLES
        )
        require_answers(result, admitting("TradeInToken"))
        require_answers(result, [label for label, name in ANONYMOUS.items() if name in ONE_TIME])
        with database_of(app).reading() as uow:
            assert uow.cancellation_requests.count(CancellationRequestQuery()) == 0


class TestLinks:
    def test_connect_orders_with_requests_and_their_list(
        self, app: ContractApp, world: World, tmp_path: Path
    ) -> None:
        caller, stranger = world.shoppers["elif"], world.shoppers["mert"]
        config = as_person("elif", world, tmp_path)
        tried = [OF_SHOPPERS[label] for label in (ORDERS, PAGE, REASONS, REQUEST, LIST)]

        result = walk(app, config, tried, world.choice(caller, stranger))

        assert not result.failures, str(result)
        require_links(result, (ORDERS, PAGE), (PAGE, REQUEST), (REASONS, REQUEST), (REQUEST, LIST))
        assert result.accepted(REQUEST)

    def test_connect_a_look_up_with_a_request(
        self, app: ContractApp, world: World, tmp_path: Path
    ) -> None:
        caller, stranger = world.guests["deniz"], world.guests["ece"]
        config = make_config(world, world.shoppers["elif"], [caller])
        config = as_identity(config, "deniz", world.guests, tmp_path)
        tried = [OF_GUESTS[label] for label in (LOOK_UP, REASONS, GUEST_REQUEST)]

        result = walk(app, config, tried, world.choice(caller, stranger))

        assert not result.failures, str(result)
        require_links(
            result, (LOOK_UP, GUEST_REQUEST), (LOOK_UP, REASONS), (REASONS, GUEST_REQUEST)
        )
        assert result.accepted(GUEST_REQUEST)


class TestLeak:
    """Each test replaces a service by one that ignores the caller."""

    def test_of_orders_is_detected(
        self, app: ContractApp, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owners = {pk: person.user.pk for person in world.people.values() for pk in person.orders}
        show = orders.get_user_order

        def show_any(_caller: Caller, pk: int, language: str, uow: UnitOfWork) -> bytes:
            return show(Caller(user_pk=owners.get(pk, 0), is_guest=False), pk, language, uow)

        monkeypatch.setattr(orders, "get_user_order", show_any)

        result = run_briefly(app, world, tmp_path, {"listUserOrders", "getUserOrder"})

        assert {"Ownership", "object_level_authorization"} <= result.failures.keys()

    def test_of_requests_is_detected(
        self, app: ContractApp, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mert = Caller(world.people["mert"].user.pk, is_guest=False)
        create = cancellation_requests.create_cancellation_request
        list_own = cancellation_requests.list_cancellation_requests

        def create_any(_caller: Caller, *rest: Any) -> CancellationRequest:
            return create(mert, *rest)

        def list_any(_caller: Caller, *rest: Any) -> Page[CancellationRequest]:
            return list_own(mert, *rest)

        monkeypatch.setattr(cancellation_requests, "create_cancellation_request", create_any)
        monkeypatch.setattr(cancellation_requests, "list_cancellation_requests", list_any)

        result = run_briefly(
            app, world, tmp_path, {"createCancellationRequest", "listCancellationRequests"}
        )

        reported = result.failures["OwnRequests"]
        assert any(failure.startswith(REQUEST) for failure in reported), str(result)
        assert any(failure.startswith(LIST) for failure in reported), str(result)


def run_briefly(app: ContractApp, world: World, directory: Path, tried: Iterable[str]) -> Run:
    """Send Elif's requests briefly, and without shrinking."""
    caller, stranger = world.shoppers["elif"], world.shoppers["mert"]
    config = as_person("elif", world, directory)
    config = briefly(config)
    config["generation"]["no-shrink"] = True
    return run(make_schema(app, config, tried, world.choice(caller, stranger)))
