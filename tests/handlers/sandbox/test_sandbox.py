"""The operations of openapi/sandbox.yaml, and their effects on all others."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from handlers.contract.asgi.routing import ContractApp
from handlers.contract.document.bundle import load_contract
from handlers.sandbox.shop import read_shop
from handlers.web.request_context import PARTS
from tests.support.exchange_validator import ExchangeValidator, HeaderValidator
from tests.support.sandbox_clients import HOST, Callers

ORDERS, ORDER = "/users/orders/", "/users/orders/3/"
CLOCK, FAILURES, EMAILS = "/sandbox/clock/", "/sandbox/failures/", "/sandbox/emails/"
START = {"now": "2026-03-05T12:00:00Z"}


@pytest.fixture(scope="module")
def checks() -> list[Any]:
    document = load_contract(more=["sandbox.yaml"]).document
    return [ExchangeValidator(document).check, HeaderValidator(document).check]


@pytest.fixture
def control(callers: Callers, checks: list[Any]) -> TestClient:
    """A client whose exchanges are validated against the complete document of a sandbox."""

    def validate_response(response: httpx.Response) -> None:
        response.read()
        for check in checks:
            check(response.request, response)

    client = callers.new()
    client.event_hooks = {"response": [validate_response]}
    return client


@pytest.fixture
def shopper(callers: Callers) -> TestClient:
    client = callers.new()
    client.post("/users/login/", json=_login(callers)).raise_for_status()
    client.headers["x-csrftoken"] = client.cookies["csrftoken"]
    return client


def _login(callers: Callers, **overrides: str) -> dict[str, str]:
    shopper = callers.credentials["shopper"]
    return {"email": shopper["email"], "password": shopper["password"]} | overrides


def _cancel(client: TestClient) -> httpx.Response:
    draft = {"order_item": 485, "reason": 1, "cancellation_type": "cancel"}
    response: httpx.Response = client.post("/users/orders/cancellation_requests/", json=draft)
    return response


class TestState:
    def test_shows_all_credentials(self, control: TestClient) -> None:
        state = control.get("/sandbox/").json()

        assert state == {"clock": START, **read_shop().credentials, "failures": []}

    def test_the_session_key_is_valid(self, callers: Callers) -> None:
        key = callers.credentials["shopper"]["session_key"]
        cookie = {"Cookie": f"sessionid={key}"}

        assert callers.new().get(ORDERS, headers=cookie).status_code == 200


class TestClock:
    def test_shows_the_start(self, control: TestClient) -> None:
        assert control.get(CLOCK).json() == START

    def test_changes_fields_that_depend_on_the_time(
        self, control: TestClient, shopper: TestClient
    ) -> None:
        before = shopper.get(ORDER).json()

        control.put(CLOCK, json={"now": "2026-03-17T15:00:00+01:00"})
        late = shopper.get(ORDER).json()
        control.put(CLOCK, json=START)
        again = shopper.get(ORDER).json()

        assert before["is_refundable"]
        assert not late["is_refundable"]
        assert again == before
        assert control.get(CLOCK).json() == START

    def test_ends_sessions(self, control: TestClient, shopper: TestClient) -> None:
        control.put(CLOCK, json={"now": "2026-03-20T12:00:00Z"})

        assert shopper.get(ORDERS).status_code == 401

    def test_is_the_time_of_new_objects(self, control: TestClient, shopper: TestClient) -> None:
        control.put(CLOCK, json={"now": "2026-03-06T08:30:00.5Z"})

        assert _cancel(shopper).json()["created_date"] == "2026-03-06T08:30:00.500000Z"

    @pytest.mark.parametrize("now", ["1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z"])
    def test_must_be_in_this_century(self, control: TestClient, now: str) -> None:
        response = control.put(CLOCK, json={"now": now})

        assert response.status_code == 400
        assert "now" in response.json()
        assert control.get(CLOCK).json() == START


class TestFailures:
    @pytest.fixture(autouse=True)
    def waits(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """The requested delays; the tests do not wait for them."""
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        monkeypatch.setattr(asyncio, "sleep", sleep)
        return waits

    @staticmethod
    def _add(control: TestClient, kind: str, **more: Any) -> dict[str, Any]:
        body = {"operation_id": "listUserOrders", "kind": kind, **more}
        response = control.post(FAILURES, json=body)
        assert response.status_code == 201
        added: dict[str, Any] = response.json()
        return added

    @pytest.mark.parametrize(("kind", "status"), [("unavailable", 503), ("rate_limited", 429)])
    def test_refuse_the_given_number_of_requests(
        self, control: TestClient, shopper: TestClient, kind: str, status: int
    ) -> None:
        self._add(control, kind, count=2, seconds=7)

        responses = [shopper.get(ORDERS) for _ in range(3)]

        assert [response.status_code for response in responses] == [status, status, 200]
        assert responses[0].headers["Retry-After"] == "7"
        assert responses[0].json()["error_code"]

    def test_delay_a_request(
        self, control: TestClient, shopper: TestClient, waits: list[float]
    ) -> None:
        self._add(control, "slow", seconds=3)

        assert [shopper.get(ORDERS).status_code for _ in range(2)] == [200, 200]
        assert waits == [3]

    def test_drop_the_response_after_the_work_is_done(
        self, control: TestClient, shopper: TestClient
    ) -> None:
        body = {"operation_id": "createCancellationRequest", "kind": "dropped"}
        control.post(FAILURES, json=body)

        cut = _cancel(shopper)

        assert not cut.content
        assert int(cut.headers["Content-Length"]) > 0
        assert shopper.get("/users/orders/cancellation_requests/").json()["count"] == 2

    def test_drop_responses_without_a_body(self, control: TestClient, shopper: TestClient) -> None:
        control.post(FAILURES, json={"operation_id": "logOut", "kind": "dropped"})

        assert shopper.post("/users/logout/").status_code == 200

    def test_occur_in_the_order_of_their_creation(
        self, control: TestClient, shopper: TestClient
    ) -> None:
        for kind in ("rate_limited", "unavailable"):
            self._add(control, kind)

        assert [shopper.get(ORDERS).status_code for _ in range(3)] == [429, 503, 200]

    def test_do_not_affect_other_operations(self, control: TestClient, shopper: TestClient) -> None:
        added = self._add(control, "unavailable")

        assert shopper.get(ORDER).status_code == 200
        assert shopper.get("/nowhere/").status_code == 404
        assert control.get(FAILURES).json() == {"results": [added]}
        assert control.get("/sandbox/").json()["failures"] == [added]

    def test_are_cleared(self, control: TestClient, shopper: TestClient) -> None:
        self._add(control, "unavailable")

        assert control.delete(FAILURES).status_code == 204
        assert control.get(FAILURES).json() == {"results": []}
        assert shopper.get(ORDERS).status_code == 200

    @pytest.mark.parametrize("name", ["listUserOrder", "resetSandbox"])
    def test_need_an_operation_that_can_fail(self, control: TestClient, name: str) -> None:
        response = control.post(FAILURES, json={"operation_id": name, "kind": "slow"})

        assert response.status_code == 400
        assert "operation_id" in response.json()


class TestEmails:
    def test_are_collected(self, control: TestClient, callers: Callers) -> None:
        callers.new().post("/users/password/reset/", json={"email": "elif.kaya@example.com"})

        [email] = control.get(EMAILS).json()["results"]

        assert email["to"] == "elif.kaya@example.com"
        assert email["links"][0] in email["text"]
        assert control.get(EMAILS).json()["results"] == [email]

    def test_have_links_that_work(self, control: TestClient, callers: Callers) -> None:
        callers.new().post("/users/password/reset/", json={"email": "elif.kaya@example.com"})
        [email] = control.get(EMAILS).json()["results"]
        token = email["links"][0].partition("token=")[2]
        new = {"token": token, "password": "a password of one's own"}

        assert callers.new().post("/users/password/", json=new).status_code == 200
        login = _login(callers, password=new["password"])
        assert callers.new().post("/users/login/", json=login).status_code == 200


class TestReset:
    def test_restores_everything(
        self, control: TestClient, callers: Callers, shopper: TestClient
    ) -> None:
        before = shopper.get("/users/orders/1/").json()
        control.put(CLOCK, json={"now": "2026-03-06T12:00:00Z"})
        assert _cancel(shopper).status_code == 200
        assert shopper.get("/users/orders/1/").json() != before
        control.post(FAILURES, json={"operation_id": "logIn", "kind": "unavailable"})
        assert control.get(EMAILS).json()["results"]

        assert control.post("/sandbox/reset/").status_code == 204

        assert control.get("/sandbox/").json()["clock"] == START
        assert control.get(FAILURES).json()["results"] == []
        assert control.get(EMAILS).json()["results"] == []
        assert shopper.get(ORDERS).status_code == 401
        again = callers.new()
        again.post("/users/login/", json=_login(callers)).raise_for_status()
        assert again.get("/users/orders/1/").json() == before

    def test_resets_the_counters_of_attempts(self, control: TestClient, callers: Callers) -> None:
        wrong = _login(callers, password="wrong")
        while callers.new().post("/users/login/", json=wrong).status_code != 429:
            pass

        control.post("/sandbox/reset/")

        assert callers.new().post("/users/login/", json=_login(callers)).status_code == 200


class TestOtherServers:
    def test_do_not_have_its_operations(
        self, usual_app: ContractApp, sandbox_app: ContractApp
    ) -> None:
        of_sandbox = sandbox_app.app.extensions[PARTS].contract.document["paths"]
        own = [path for path in of_sandbox if path.startswith("/sandbox/")]
        client = TestClient(usual_app, base_url=HOST)

        assert len(own) == 5
        assert not own & usual_app.app.extensions[PARTS].contract.document["paths"].keys()
        assert {client.get(path).status_code for path in own} == {404}

    def test_publish_the_same_document_for_clients(
        self, usual_app: ContractApp, sandbox_app: ContractApp
    ) -> None:
        usual, of_sandbox = (
            TestClient(app, base_url=HOST).get("/openapi.json").json()
            for app in (usual_app, sandbox_app)
        )

        assert of_sandbox == usual
