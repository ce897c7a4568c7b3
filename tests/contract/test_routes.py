"""The routes are those of the contract.

HEAD and OPTIONS come with every route: the one is GET without its body, the other serves CORS.
"""

import pkgutil
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import pytest
from flask import Flask
from starlette.testclient import TestClient

from domain.shared.errors import NotFound
from handlers import app as composition
from handlers.contract import engine
from handlers.contract.document.bundle import Contract, load_contract
from handlers.contract.document.methods import METHODS
from handlers.contract.operations.operations import Operation
from handlers.settings import Settings
from tests.support.application import Clients

Routes = dict[tuple[str, str], str]
Handler = Callable[..., Any]

IMPLIED = {"HEAD", "OPTIONS"}
VALUES = {
    "pk": "1",
    "id": "1",
    "name": "reference.js",
    "orderitem_id": "33a11761-43bc-41d4-8f7f-1e860028367b",
}
DRAFT = {"order_item": 1, "reason": 1, "cancellation_type": "cancel"}
# The fields of all bodies; an operation ignores those that it does not need.
BODY = {
    "email": "elif.kaya@example.com",
    "password": "correct horse battery staple",
    "order": "2745403029312170",
    "token": "x",
    "cancel_order_items": [DRAFT],
    "answer": "approve",
    **DRAFT,
}
OF_LINKS = ("/users/password/", "/users/handover/")
# They accept only forms.
OF_FORMS = ("/users/logout",)
OUTSIDE = [
    "/",
    "/favicon.ico",
    "/static/documentation/swagger-ui.css",
    # What connexion serves by default.
    "/ui",
    "/ui/",
    "/swagger.json",
    "/openapi",
    "/openapi.yml",
    "/docs/assets/",
    "/docs/assets/..%2F..%2Flogin.html",
    # What Werkzeug and Starlette would redirect.
    "//users/orders/",
    "/users//orders/",
    "/USERS/ORDERS/",
    "/users/orders/1/2/",
]


def promised(document: Mapping[str, Any]) -> Routes:
    """The operationIds of an OpenAPI document by method and path."""
    return {
        (method.upper(), path): item[method]["operationId"]
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


def served(flask: Flask) -> Routes:
    """The operationIds in the names of views, by method and path template."""
    return {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)): rule.endpoint.rpartition(".")[2]
        for rule in flask.url_map.iter_rules()
        for method in (rule.methods or {"ANY"}) - IMPLIED
    }


def handler_name(contract: Contract, operation_id: str) -> str:
    """`listUserOrders` of orders.yaml is handled by `handlers.orders.orders.list_user_orders`."""
    function = re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", operation_id)
    return f"handlers.{contract.resources[operation_id]}.{function}"


def recording(handler: Handler, name: str, called: list[str]) -> Handler:
    """A handler with the parameters of ``handler`` that records its call and raises NotFound."""

    @wraps(handler)
    def recorded(**_values: Any) -> None:
        called.append(name)
        raise NotFound

    return recorded


def find_first_handler(contract: Contract, _operation: Operation, _handlers: object) -> Handler:
    """The same handler for every operation."""
    handler: Handler = pkgutil.resolve_name(handler_name(contract, next(iter(contract.resources))))
    return handler


def send_everywhere(contract: Contract, settings: Settings) -> None:
    """Send one request to each operation, in the order of the contract."""
    client = TestClient(composition.create_app(settings))
    for method, path in promised(contract.document):
        body = {} if path.endswith("/reject/") else BODY
        query = {"token": "x"} if path in OF_LINKS else {}
        content = {"data": {"next": "/docs"}} if path in OF_FORMS else {"json": body}
        client.request(method, path.format_map(VALUES), params=query, **content)


@pytest.fixture
def contract() -> Contract:
    return load_contract()


@pytest.fixture
def flask(settings: Settings) -> Flask:
    """The Flask application, to which a test may add routes.

    Routes are registered at the first request.
    """
    app = composition.create_app(settings)
    TestClient(app).get("/healthz")
    routed: Flask = app.app
    return routed


class TestRoutes:
    def test_are_those_of_the_contract(self, flask: Flask, contract: Contract) -> None:
        assert served(flask) == promised(contract.document)

    @pytest.mark.parametrize(("methods", "shown"), [(["GET"], "GET"), (None, "ANY")])
    def test_a_route_that_is_not_in_the_contract_is_detected(
        self, flask: Flask, contract: Contract, methods: list[str] | None, shown: str
    ) -> None:
        flask.url_map.add(flask.url_rule_class("/all/<int:pk>/", endpoint="all", methods=methods))

        unpromised = served(flask).items() - promised(contract.document).items()
        assert unpromised == {((shown, "/all/{pk}/"), "all")}

    @pytest.mark.parametrize(
        ("path", "method", "operation_id"),
        [
            ("/users/orders/all/", "get", "listAllOrders"),
            ("/users/orders/", "delete", "dropUserOrders"),
            ("/users/orders/", "get", "listOldOrders"),
        ],
    )
    def test_an_operation_without_a_route_is_detected(
        self, flask: Flask, contract: Contract, path: str, method: str, operation_id: str
    ) -> None:
        contract.document["paths"].setdefault(path, {})[method] = {"operationId": operation_id}

        unserved = promised(contract.document).items() - served(flask).items()
        assert unserved == {((method.upper(), path), operation_id)}

    @pytest.mark.parametrize("path", OUTSIDE)
    def test_a_path_outside_the_contract_is_not_found(self, clients: Clients, path: str) -> None:
        response = clients.new().get(f"http://testserver{path}")

        assert (response.status_code, response.json()) == (
            404,
            {"detail": "Not found.", "error_code": "not_found"},
        )

    @pytest.mark.parametrize(
        ("method", "path", "nearest"),
        [
            ("GET", "/users/orders", "/users/orders/"),
            ("GET", "/users/orders//", "/users/orders/"),
            ("GET", "/users/orders/1", "/users/orders/{pk}/"),
            ("GET", "/users/orders/1/cancellation", "/users/orders/{pk}/cancellation/"),
            ("GET", "/users/order_item/%3Cb%3E/tradein", "/users/order_item/{pk}/tradein/"),
            ("GET", "/users/old-orders", "/users/old-orders/"),
            ("GET", "/users/login", "/users/login/"),
            ("POST", "/users/login", "/users/login/"),
            ("GET", "/healthz/", "/healthz"),
            ("GET", "/docs/", "/docs"),
            ("GET", "/openapi.json/", "/openapi.json"),
        ],
    )
    def test_a_path_that_differs_by_a_slash_is_suggested_in_the_404(
        self, clients: Clients, method: str, path: str, nearest: str
    ) -> None:
        response = clients.new().request(method, f"http://testserver{path}")

        assert (response.status_code, response.json()) == (
            404,
            {"detail": f"Not found. Did you mean {nearest}?", "error_code": "not_found"},
        )

    def test_a_path_without_the_method_is_not_suggested(self, clients: Clients) -> None:
        response = clients.new().delete("http://testserver/users/orders")

        assert (response.status_code, response.json()["detail"]) == (404, "Not found.")

    def test_the_suggestion_is_in_the_language_of_the_request(self, clients: Clients) -> None:
        headers = {"Accept-Language": "tr"}
        response = clients.new().get("http://testserver/users/orders", headers=headers)

        assert response.json()["detail"] == "Bulunamadı. Şunu mu demek istediniz: /users/orders/?"


class TestHandlers:
    @pytest.fixture
    def called(self, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The names of the handlers that were called; they are replaced by `recording`."""
        called: list[str] = []
        for operation_id in contract.resources:
            name = handler_name(contract, operation_id)
            monkeypatch.setattr(name, recording(pkgutil.resolve_name(name), name, called))
        # Handlers must be reached without a session, too.
        monkeypatch.setattr(composition, "authenticate", lambda _operation: None)
        return called

    def test_are_those_of_the_operations(
        self, called: list[str], contract: Contract, settings: Settings
    ) -> None:
        names = [
            handler_name(contract, operation) for operation in promised(contract.document).values()
        ]

        send_everywhere(contract, settings)

        assert called == names

    def test_a_wrong_one_is_detected(
        self,
        called: list[str],
        contract: Contract,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(engine, "find_handler", find_first_handler)

        send_everywhere(contract, settings)

        assert set(called) == {"handlers.orders.orders.list_user_orders"}
