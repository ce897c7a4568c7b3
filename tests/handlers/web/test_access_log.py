"""The line of a request: its fields, as JSON and as text."""

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient
from starlette.types import Scope
from structlog.testing import capture_logs

from domain.accounts.callers import Caller
from domain.accounts.users import User
from domain.sellers.callers import SellerCaller, ShopCaller
from domain.trade_ins import OfferLink
from handlers.http.exchange import Exchange
from handlers.settings import LogFormat, Settings
from handlers.standard_error import STANDARD_ERROR
from handlers.web.access_log import AccessLog, kind_of
from tests.support.application import Clients, Shop
from tests.support.guard_requests import SETTINGS, make_scope, send_to_guard

JSON = replace(SETTINGS, log_format=LogFormat.JSON)
FORWARDED = (b"x-forwarded-for", b"203.0.113.9, 198.51.100.7")


def write(settings: Settings, scope: Scope | None = None, **values: Any) -> None:
    scope = make_scope(client=("192.0.2.1", 4711)) if scope is None else scope
    exchange = Exchange(scope, "r1")
    for name, value in values.items():
        setattr(exchange, name, value)
    AccessLog(settings)(scope, exchange)


def line_of(capfd: pytest.CaptureFixture[str]) -> Mapping[str, Any]:
    [line] = capfd.readouterr().err.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


class TestJson:
    def test_has_all_fields(self, capfd: pytest.CaptureFixture[str]) -> None:
        write(JSON, operation_id="listUserOrders", status=200, size=12, seconds=0.00321)

        line = dict(line_of(capfd))
        assert line.pop("timestamp").endswith("Z")
        assert line == {
            "bytes": 12,
            "caller": "none",
            "client": "192.0.2.1",
            "event": "request",
            "level": "info",
            "method": "GET",
            "milliseconds": 3.2,
            "operation_id": "listUserOrders",
            "path": "/users/orders/",
            "request_id": "r1",
            "status": 200,
        }

    @pytest.mark.parametrize("path", ["/ş\n/", "/\ud800", "/\x1b[31m"])
    def test_is_one_line_whatever_the_path(
        self, capfd: pytest.CaptureFixture[str], path: str
    ) -> None:
        write(JSON, make_scope(path=path))

        line = line_of(capfd)
        assert line["path"] == path
        assert line["client"] == ""
        assert line["timestamp"]

    @pytest.mark.parametrize(("level", "lines"), [(logging.INFO, 1), (logging.WARNING, 0)])
    def test_is_left_out_above_its_level(
        self, capfd: pytest.CaptureFixture[str], level: int, lines: int
    ) -> None:
        send_to_guard(settings=replace(JSON, log_level=level))
        STANDARD_ERROR.flush()

        assert len(capfd.readouterr().err.splitlines()) == lines

    def test_is_left_out_without_a_standard_error(
        self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "__stderr__", None)

        send_to_guard(settings=JSON)
        STANDARD_ERROR.flush()

        assert capfd.readouterr().err == ""


class TestClientAddress:
    @pytest.mark.parametrize(
        ("proxies", "address"), [(0, "192.0.2.1"), (1, "198.51.100.7"), (2, "203.0.113.9")]
    )
    def test_is_reported_by_trusted_proxies_only(self, proxies: int, address: str) -> None:
        settings = replace(SETTINGS, trusted_proxies=proxies)
        scope = make_scope([FORWARDED], client=("192.0.2.1", 4711))

        [line] = send_to_guard(settings=settings, scope=scope).lines

        assert line["client"] == address

    def test_is_the_peer_where_a_proxy_reports_none(self) -> None:
        scope = make_scope(client=("192.0.2.1", 4711))

        [line] = send_to_guard(settings=replace(SETTINGS, trusted_proxies=1), scope=scope).lines

        assert line["client"] == "192.0.2.1"


@pytest.mark.parametrize(
    ("caller", "kind"),
    [
        (Caller(user_pk=1, is_guest=False), "shopper"),
        (Caller(user_pk=1, is_guest=True), "guest"),
        (SellerCaller(seller_pk=1, token_pk=1, scopes=frozenset()), "seller"),
        (ShopCaller(token_pk=1, scopes=frozenset()), "shop"),
        (OfferLink(offer_uuid=uuid4()), "link"),
        (None, "none"),
    ],
)
def test_callers_have_a_kind(caller: object, kind: str) -> None:
    assert kind_of(caller) == kind


class TestProbes:
    @pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
    @pytest.mark.parametrize("is_logged", [True, False])
    def test_may_be_left_out(self, path: str, is_logged: bool) -> None:
        with capture_logs() as lines:
            write(replace(SETTINGS, log_probes=is_logged), make_scope(path=path))

        assert len(lines) == is_logged

    def test_are_the_only_requests_that_are_left_out(self) -> None:
        with capture_logs() as lines:
            write(replace(SETTINGS, log_probes=False), make_scope(path="/healthz/"))

        assert len(lines) == 1


class TestApplication:
    def lines(self, client: TestClient, path: str) -> list[Any]:
        with capture_logs() as lines:
            client.get(path)
        return [line for line in lines if line["event"] == "request"]

    def test_names_operation_and_caller(self, clients: Clients, shop: Shop, shopper: User) -> None:
        shop.order(shopper)
        client = clients.new(shop.session(shopper))

        [line] = self.lines(client, "/users/orders/?search=secret")

        assert line["operation_id"] == "listUserOrders"
        assert line["caller"] == "shopper"
        assert line["bytes"] == len(client.get("/users/orders/?search=secret").content)
        assert "secret" not in str(line)

    def test_names_the_operation_of_a_refused_request(self, client: TestClient) -> None:
        [line] = self.lines(client, "/users/orders/")

        assert (line["operation_id"], line["caller"], line["status"]) == (
            "listUserOrders",
            "none",
            401,
        )
