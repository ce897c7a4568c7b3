"""What nginx does with the published configuration, in front of servers that note what arrives."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest

from faults.debian import ProgramUnavailable, require_program
from faults.nginx import running_nginx

SECONDS = 20


class Upstream:
    """A server that answers 200 to everything, or ``hangs_up`` once it has read a request."""

    def __init__(self, stack: ExitStack) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.hangs_up = False
        own = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                own.requests.append((self.command, self.path, dict(self.headers)))
                if own.hangs_up:
                    self.close_connection = True
                    return
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET  # noqa: N815 - named by its base

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        self.port: int = server.server_address[1]


class Proxied:
    """nginx in front of two servers, and a client of it."""

    def __init__(self, stack: ExitStack) -> None:
        self.upstreams = [Upstream(stack), Upstream(stack)]
        ports = [upstream.port for upstream in self.upstreams]
        nginx = stack.enter_context(running_nginx(ports, {}))
        self.nginx = nginx
        url = f"https://localhost:{nginx.port}"
        self.client = stack.enter_context(
            httpx.Client(base_url=url, verify=nginx.context, timeout=SECONDS)
        )

    @property
    def requests(self) -> list[tuple[str, str, dict[str, str]]]:
        return [request for upstream in self.upstreams for request in upstream.requests]


@pytest.fixture
def proxied() -> Iterator[Proxied]:
    try:
        require_program("nginx")
        require_program("openssl")
    except ProgramUnavailable as error:
        pytest.skip(f"{error}; deploy/nginx was not checked")
    with ExitStack() as stack:
        yield Proxied(stack)


class TestRetries:
    @pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "one"}], ids=["none", "key"])
    def test_a_post_that_was_sent_is_not_sent_again(
        self, proxied: Proxied, headers: dict[str, str]
    ) -> None:
        for upstream in proxied.upstreams:
            upstream.hangs_up = True

        assert proxied.client.post("/orders/", json={}, headers=headers).status_code == 502
        assert len(proxied.requests) == 1

    def test_a_get_is_sent_to_the_other_server(self, proxied: Proxied) -> None:
        proxied.upstreams[0].hangs_up = True

        assert [proxied.client.get("/orders/").status_code for _ in range(4)] == [200] * 4
        assert len(proxied.upstreams[1].requests) == 4

    def test_no_server_is_avoided_after_errors(self, proxied: Proxied) -> None:
        for upstream in proxied.upstreams:
            upstream.hangs_up = True
        for _ in range(4):
            assert proxied.client.get("/orders/").status_code == 502

        for upstream in proxied.upstreams:
            upstream.hangs_up = False

        assert proxied.client.get("/orders/").status_code == 200


class TestHeaders:
    def test_those_that_name_the_client_are_replaced(self, proxied: Proxied) -> None:
        sent = {
            "X-Forwarded-For": "192.0.2.1",
            "X-Forwarded-Proto": "http",
            "X-Forwarded-Host": "evil.example",
            "Forwarded": "for=192.0.2.1",
        }

        proxied.client.get("/orders/", headers=sent)

        [(_, _, received)] = proxied.requests
        assert received["X-Forwarded-For"] == "127.0.0.1"
        assert received["X-Forwarded-Proto"] == "https"
        assert received["X-Forwarded-Host"] == "localhost"
        assert "Forwarded" not in received

    def test_browsers_learn_to_use_https(self, proxied: Proxied) -> None:
        for path in ("/orders/", "/metrics"):
            answer = proxied.client.get(path)
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/a/../metrics", "/metrics?a=b"]
)
def test_metrics_are_not_public(proxied: Proxied, path: str) -> None:
    nginx = proxied.nginx
    with closing(HTTPSConnection("localhost", nginx.port, context=nginx.context)) as connection:
        connection.request("GET", path)  # httpx would normalize it

        assert connection.getresponse().status == 404
    assert proxied.requests == []


def test_a_body_of_more_than_a_megabyte_is_refused(proxied: Proxied) -> None:
    assert proxied.client.post("/orders/", content=bytes(2**20 + 1)).status_code == 413
    assert proxied.requests == []
