import logging
import re
from collections.abc import Iterable
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from handlers.settings import Settings
from handlers.web.forwarding import UntrustedProxies
from tests.support.application import Clients

FORWARDED = {
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "shop.example",
    "Forwarded": "for=192.0.2.1",
}


def counted(client: TestClient) -> float:
    name = "waybill_untrusted_forwarded_requests_total"
    [found] = re.findall(rf"^{name} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found)


class Counts:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def answer(_environ: object, _start_response: object) -> Iterable[bytes]:
    return [b"answered"]


class TestUntrustedProxies:
    @pytest.mark.parametrize("name", FORWARDED)
    def test_are_counted_and_logged_once(self, name: str, caplog: pytest.LogCaptureFixture) -> None:
        counts = Counts()
        app = UntrustedProxies(answer, counts)
        environ = {f"HTTP_{name.upper().replace('-', '_')}": FORWARDED[name]}

        responses = [app(environ, None) for _ in range(3)]

        assert responses == [[b"answered"]] * 3
        assert counts.count == 3
        [warning] = warnings(caplog)
        assert "WAYBILL_TRUSTED_PROXIES" in warning
        assert FORWARDED[name] not in warning

    def test_are_not_counted_without_forwarded_headers(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        counts = Counts()

        UntrustedProxies(answer, counts)({"HTTP_HOST": "shop.example"}, None)

        assert (counts.count, warnings(caplog)) == (0, [])


class TestApplication:
    def test_counts_requests_of_an_untrusted_proxy(self, client: TestClient) -> None:
        before = counted(client)

        client.get("/healthz", headers=FORWARDED)

        assert counted(client) == before + 1


class TestTrustingApplication:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, trusted_proxies=1)

    def test_does_not_count_requests_of_a_trusted_proxy(self, client: TestClient) -> None:
        before = counted(client)

        client.get("/healthz", headers=FORWARDED)

        assert counted(client) == before

    def test_limits_a_network_for_any_port_that_its_proxy_appends(self, clients: Clients) -> None:
        def look_up(number: int, address: str) -> int:
            body = {"email": f"{number}@example.com", "order": str(number)}
            headers = {"X-Forwarded-For": address}
            status: int = (
                clients.new()
                .post("/users/orders/anonymous/", json=body, headers=headers)
                .status_code
            )
            return status

        for address in ("6.6.6.6:{}", "[2001:db8::1]:{}", "unknown{}"):
            statuses = [look_up(number, address.format(number)) for number in range(21)]
            assert statuses == [404] * 20 + [429]
