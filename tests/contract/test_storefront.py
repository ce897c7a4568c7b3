"""The storefront package of the platform works unchanged: its requests, sent to a server.

storefront.yaml has them as data; this module stores cookies and values as the package does.
"""

import re
from dataclasses import dataclass, field
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from domain.accounts.users import UserType
from handlers.auth.cookie_names import name_cookies
from handlers.auth.passwords import Argon2Passwords
from handlers.contract.document.bundle import load_contract
from tests.support.application import Shop
from tests.support.builders import make_discount, make_item
from tests.support.exchange_validator import ExchangeValidator
from tests.support.server import SECRET, Serve, Server

RECORDED: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("storefront.yaml").read_text("utf-8")
)
STEPS: list[dict[str, Any]] = RECORDED["steps"]
PASSWORD = "correct horse battery staple"
FORM_TOKEN = re.compile(r"""name=['"]csrfmiddlewaretoken['"] value=['"](\w+)""")


@dataclass
class Storefront:
    """The package's server and a browser with its pages.

    ``values`` are those of placeholders, ``cookies`` those of the browser.
    """

    client: httpx.Client
    values: dict[str, str]
    cookies: dict[str, str] = field(
        default_factory=lambda: {"pz-locale": "tr", "pz-currency": "try"}
    )

    def send(self, step: dict[str, Any]) -> httpx.Response:
        """Send a recorded request, and store what the package stores of the response."""
        request = self.client.build_request(
            step["method"],
            self._filled(step["path"]),
            headers=self._filled(step["headers"]),
            json=self._filled(step.get("json")),
            data=self._filled(step.get("form")),
        )
        response = self.client.send(request, follow_redirects=True)
        if stored := step.get("keeps"):
            getattr(self, f"_keep_{stored}")(response)
        # Only ``cookies`` count: the package's HTTP client has no cookie jar.
        self.client.cookies.clear()
        return response

    def _filled(self, node: Any) -> Any:
        if isinstance(node, dict):
            return {name: self._filled(value) for name, value in node.items()}
        if isinstance(node, list):
            return [self._filled(value) for value in node]
        if not isinstance(node, str):
            return node
        browser = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        values = self.values | {"browser": browser, "csrftoken": self.cookies.get("csrftoken", "")}
        return re.sub(r"<(\w+)>", lambda match: values[match[1]], node)

    def _keep_csrf_token(self, response: httpx.Response) -> None:
        self.cookies["csrftoken"] = response.json()["csrf_token"]

    def _keep_osessionid(self, response: httpx.Response) -> None:
        match = re.search(r"osessionid=(\w+)", response.headers["set-cookie"])
        assert match
        self.values["osessionid"] = match[1]
        self.cookies |= dict.fromkeys(("osessionid", "sessionid"), match[1])

    def _keep_cookies(self, response: httpx.Response) -> None:
        for header in response.headers.get_list("set-cookie"):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}

    def _keep_csrfmiddlewaretoken(self, response: httpx.Response) -> None:
        match = FORM_TOKEN.search(response.text)
        assert match
        self.values["csrfmiddlewaretoken"] = match[1]
        # It drops the session even if the log-out fails.
        for name in ("osessionid", "sessionid"):
            del self.cookies[name]


@pytest.fixture
def values(shop: Shop) -> dict[str, str]:
    """A shopper with an order of two lines and a discount, and a guest with another."""
    shopper = shop.user(password_hash=Argon2Passwords().hash(PASSWORD))
    items = [make_item(line=line) for line in (1, 2)]
    order = shop.order(shopper, items=items, discounts=[make_discount()])
    guest = shop.user(user_type=UserType.GUEST)
    bought = shop.order(guest, user_email=guest.email)
    return {
        "email": shopper.email,
        "password": PASSWORD,
        "order": str(order.pk),
        "item": str(items[0].pk),
        "other_item": str(items[1].pk),
        "reason": str(shop.reason().pk),
        "guest": guest.email,
        "number": bought.number,
    }


@pytest.fixture
def server(serve: Serve) -> Server:
    """A server with the platform's name for the session cookie; its responses are validated."""
    started = serve(**SECRET, WAYBILL_SESSION_COOKIE="osessionid")
    named = partial(name_cookies, session_cookie="osessionid", prefix="")
    validator = ExchangeValidator(load_contract(adapt=named).document)

    def check(response: httpx.Response) -> None:
        response.read()
        validator.check(response.request, response)

    started.client.event_hooks["response"].append(check)
    return started


def test_the_requests_of_the_package_succeed(server: Server, values: dict[str, str]) -> None:
    storefront = Storefront(server.client, values | {"server": str(server.client.base_url)})
    responses = {}
    for step in STEPS:
        response = responses[step["name"]] = storefront.send(step)

        assert (step["name"], response.status_code) == (step["name"], step["status"]), response.text
        missing = set(step.get("has", ())) - (response.json().keys() if "has" in step else set())
        assert (step["name"], missing) == (step["name"], set())

    assert "key" not in responses["a log-in with a wrong password"].json()
    assert responses["a log-in"].json()["key"] == storefront.values["osessionid"]
    assert responses["who is logged in"].json()["email"] == values["email"]
    for name in ("the orders", "the orders since a day", "the orders between two days"):
        assert [str(entry["id"]) for entry in responses[name].json()["results"]] == [
            values["order"]
        ]
    opened = [
        responses[name].json() for name in ("a cancellation of an order", "a cancellation in bulk")
    ]
    assert [str(request["order_item"]) for [request] in opened] == [
        values["item"],
        values["other_item"],
    ]
    assert responses["a guest's order"].json()["results"][0]["number"] == values["number"]
