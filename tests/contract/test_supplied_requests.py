"""Requests generated from the supplied contract are accepted, except for BOUNDS.

Every response is validated against the supplied contract, too.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, BaseSchema, Case, Config, GenerationMode
from starlette.testclient import TestClient

from domain.orders import orders
from domain.shared.errors import InvalidInput
from handlers.contract.asgi.routing import ContractApp
from tests.contract.bounds import BOUNDS
from tests.contract.conftest import Person
from tests.support.application import SUPPLIED, Clients, Shop
from tests.support.exchange_validator import ExchangeValidator

HOST = "http://testserver"
PAGE_SIZE = 20
LISTS = ("/users/orders/", "/users/old-orders/")
DETAILS = ("/users/orders/{pk}/", "/users/orders/{pk}/cancellation/", "/users/old-orders/{pk}/")
SORT_FIELDS = (
    "number",
    "user_email",
    "status",
    "created_date",
    "amount",
    "discount_amount",
    "currency",
    "payment_type",
    "bank",
    "installment_count",
    "tracking_number",
    "shipping_company",
    "shipping_address",
    "billing_address",
)
GENERATED = settings(
    max_examples=100,
    derandomize=True,  # each run sends the same requests
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine is not our fault
)
SORTS = [f"{sign}{field}" for field in SORT_FIELDS for sign in ("", "-")]


@pytest.fixture(scope="module")
def supplied() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(SUPPLIED.read_text("utf-8"))
    return content


@pytest.fixture(scope="module")
def validator(supplied: dict[str, Any]) -> ExchangeValidator:
    # openapi-core refuses empty values, which the supplied contract allows.
    return ExchangeValidator(supplied, only_documented=True, only_responses=True)


@pytest.fixture(params=["elif", "guest"])
def person(request: pytest.FixtureRequest, people: dict[str, Person], shop: Shop) -> Person:
    """A registered shopper or a guest, with more than a page of old orders."""
    person = people[request.param]
    person.old_orders += [shop.old_order(person.user).pk for _ in range(PAGE_SIZE)]
    return person


@pytest.fixture
def schema(supplied: dict[str, Any], people: dict[str, Person], person: Person) -> BaseSchema:
    """The schema to generate requests from, with values of the shop besides generated ones."""
    pks = {pk for person in people.values() for pk in person.orders + person.old_orders}
    known = {
        "path.pk": [0, *sorted(pks), 2**63 - 1, 2**63],
        "query.page": [1, 2],
        "query.search": ["1", "OLD-", "%", "x" * 64, "x" * 65],
        "query.sort": [*SORTS, "pk"],
    }
    config = {
        "dictionaries": {name: {"values": values} for name, values in known.items()},
        "parameters": {name: {"dictionary": name, "probability": 0.6} for name in known},
    }
    return schemathesis.openapi.from_dict(supplied, config=Config.from_dict(config))


@dataclass
class Requester:
    """Sends generated requests, with a session before their own cookies."""

    client: TestClient
    person: Person

    def _send(self, case: Case[Any], **overrides: Any) -> Any:
        """The response; an override None leaves a parameter out."""
        headers = case.as_transport_kwargs(base_url=HOST)["headers"]
        cookies = f"sessionid={self.person.session}; {headers.get('Cookie', '')}"
        query = {**case.query, **overrides}
        return self.client.get(
            case.formatted_path,
            params={name: value for name, value in query.items() if value is not None},
            headers=[(b"cookie", cookies.encode("latin-1"))],
        )

    def _pages(self, case: Case[Any]) -> int:
        """The number of pages; the first one exists even if it is empty."""
        first = self._send(case, page=None).json()
        return ceil(first.get("count", 0) / PAGE_SIZE) or 1

    def accepts_list(self, case: Case[Any]) -> bool:
        """Whether the response is a page, or the refusal of one of the BOUNDS."""
        refusals = {BOUNDS[name].status for name in self._bounds_passed(case)}
        status: int = self._send(case).status_code
        return status in (refusals or {200})

    def accepts_detail(self, case: Case[Any]) -> bool:
        """Whether the response is the order, or 404 where it is not the caller's."""
        status: int = self._send(case).status_code
        return status == (200 if self._finds(case) else 404)

    def _finds(self, case: Case[Any]) -> bool:
        """Whether the order is found: guests get their newest order for any pk, and no old ones."""
        is_old = case.path.startswith("/users/old-orders/")
        if self.person.is_guest:
            return not is_old
        own = self.person.old_orders if is_old else self.person.orders
        return case.path_parameters["pk"] in own

    def _bounds_passed(self, case: Case[Any]) -> Iterator[str]:
        """The names of the BOUNDS that the query of a list exceeds."""
        search = case.query.get("search", "")
        if len(search) > 64 or "\x00" in search:
            yield "search"
        if case.query.get("sort", SORTS[0]) not in SORTS:
            yield "sort"
        if "page" in case.query and not 1 <= case.query["page"] <= self._pages(case):
            yield "page"


@pytest.fixture
def requester(app: ContractApp, validator: ExchangeValidator, person: Person) -> Requester:
    return Requester(Clients(app, [validator.check]).new(), person)


def try_all(
    operation: APIOperation[Any, Any, Any, Any], is_answered_well: Callable[[Case[Any]], bool]
) -> None:
    """Generate 100 requests that are valid under the supplied contract."""

    @GENERATED
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def try_one(case: Case[Any]) -> None:
        assert is_answered_well(case)

    try_one()


class TestSuppliedRequests:
    @pytest.mark.parametrize("path", LISTS)
    def test_of_a_list_are_accepted(
        self, schema: BaseSchema, requester: Requester, path: str
    ) -> None:
        try_all(schema[path]["GET"], requester.accepts_list)

    @pytest.mark.parametrize("path", DETAILS)
    def test_of_one_order_are_accepted(
        self, schema: BaseSchema, requester: Requester, path: str
    ) -> None:
        try_all(schema[path]["GET"], requester.accepts_detail)

    @pytest.mark.parametrize("person", ["elif"], indirect=True)
    def test_an_unlisted_bound_is_detected(
        self, schema: BaseSchema, requester: Requester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(search: str | None, *, field: str) -> None:
            if search == "OLD-":
                raise InvalidInput("No dashes.", field=field)

        monkeypatch.setattr(orders, "require_searchable", refuse)

        with pytest.raises(AssertionError, match="False = accepts_list"):
            try_all(schema["/users/orders/"]["GET"], requester.accepts_list)
