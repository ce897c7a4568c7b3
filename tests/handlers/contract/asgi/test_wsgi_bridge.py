import asyncio
from collections.abc import Callable, Iterable, Iterator
from threading import Event
from time import sleep
from typing import Any

import pytest

from domain.shared.errors import Unavailable
from handlers.contract.asgi import wsgi_bridge as bridge
from handlers.contract.asgi.wsgi_bridge import Environ, WsgiBridge

Headers = list[tuple[bytes, bytes]]


class Recorder:
    """A WSGI application that records its environment and content."""

    def __init__(self, *chunks: bytes) -> None:
        self.environ: Environ = {}
        self.content = b""
        self.is_closed = False
        self._chunks = chunks

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.environ = environ
        self.content = environ["wsgi.input"].read()
        start_response("201 Created", [("X-Name", "caf\u00e9"), ("Set-Cookie", "a=1")])
        return self

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        self.is_closed = True


def call(app: Any, headers: Headers, *content: bytes, **scope: Any) -> list[Any]:
    """Send one request; return the messages of the response."""
    return asyncio.run(exchange(WsgiBridge(app, 1), headers, *content, **scope))


async def exchange(
    bridge: WsgiBridge, headers: Iterable[tuple[bytes, bytes]] = (), *content: bytes, **scope: Any
) -> list[Any]:
    sent: list[Any] = []
    parts = [
        {"type": "http.request", "body": body, "more_body": index < len(content)}
        for index, body in enumerate(content, 1)
    ]
    request_scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/caf\u00e9/",
        "query_string": b"a=1&b=%20",
        "headers": headers,
        "server": ("127.0.0.1", 8000),
        "client": ("10.0.0.1", 5000),
    } | scope

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await bridge(request_scope, receive, send)
    return sent


class TestRequest:
    def test_has_the_environment_of_pep_3333(self) -> None:
        app = Recorder()

        call(app, [(b"host", b"shop"), (b"x-request-id", b"5")])

        assert app.environ["REQUEST_METHOD"] == "POST"
        assert app.environ["PATH_INFO"] == "/caf\u00e9/".encode().decode("latin-1")
        assert app.environ["QUERY_STRING"] == "a=1&b=%20"
        assert (app.environ["SERVER_NAME"], app.environ["SERVER_PORT"]) == ("127.0.0.1", "8000")
        assert (app.environ["REMOTE_ADDR"], app.environ["HTTP_X_REQUEST_ID"]) == ("10.0.0.1", "5")

    def test_has_its_whole_content(self) -> None:
        app = Recorder()

        call(app, [(b"content-length", b"4"), (b"content-type", b"text/plain")], b"ab", b"cd")

        assert app.content == b"abcd"
        assert (app.environ["CONTENT_LENGTH"], app.environ["CONTENT_TYPE"]) == ("4", "text/plain")

    def test_without_content_does_not_wait(self) -> None:
        app = Recorder()

        call(app, [])

        assert app.content == b""

    def test_of_http_2_needs_no_content_length(self) -> None:
        app = Recorder()

        call(app, [], b"ab", http_version="2")

        assert (app.content, app.environ["CONTENT_LENGTH"]) == (b"ab", "2")

    @pytest.mark.parametrize(
        ("headers", "name", "value"),
        [
            ([(b"cookie", b"a=1"), (b"cookie", b"b=2")], "HTTP_COOKIE", "a=1; b=2"),
            ([(b"accept", b"a/b"), (b"accept", b"c/d")], "HTTP_ACCEPT", "a/b,c/d"),
            ([(b"x_forwarded_for", b"1"), (b"x-forwarded-for", b"2")], "HTTP_X_FORWARDED_FOR", "2"),
        ],
    )
    def test_has_repeated_headers_joined(self, headers: Headers, name: str, value: str) -> None:
        app = Recorder()

        call(app, headers)

        assert app.environ[name] == value


class TestAnswer:
    def test_is_sent_as_one_body(self) -> None:
        app = Recorder(b"ab", b"cd")

        start, body = call(app, [])

        assert start["status"] == 201
        assert start["headers"] == [(b"x-name", b"caf\xe9"), (b"set-cookie", b"a=1")]
        assert body["body"] == b"abcd"
        assert app.is_closed

    def test_is_not_started_if_the_application_fails(self) -> None:
        def fail(*_: Any) -> Iterable[bytes]:
            raise RuntimeError("broken")

        with pytest.raises(RuntimeError, match="broken"):
            call(fail, [])


class Blocking:
    """A WSGI application whose first request blocks until it is released."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.is_blocked = Event()
        self.released = Event()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.started.append(environ["PATH_INFO"])
        if len(self.started) == 1:
            self.is_blocked.set()
            self.released.wait()
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]


async def request(served: WsgiBridge, path: str) -> bytes:
    _, body = await exchange(served, path=path)
    content: bytes = body["body"]
    return content


async def exhausted(served: WsgiBridge, app: Blocking) -> asyncio.Task[bytes]:
    """The request that blocks the only thread, after MAX_CANCELLED others were cancelled."""
    first = asyncio.create_task(request(served, "/1"))
    await asyncio.to_thread(app.is_blocked.wait)
    for _ in range(bridge.MAX_CANCELLED):
        with pytest.raises(Unavailable):
            await request(served, "/2")
    return first


class TestWaiting:
    @pytest.fixture(autouse=True)
    def briefly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bridge, "STALL_TIMEOUT", 0.05)
        monkeypatch.setattr(bridge, "QUEUE_TIMEOUT", 0.3)
        monkeypatch.setattr(bridge, "_CHECK_INTERVAL", 0.01)
        monkeypatch.setattr(bridge, "MAX_CANCELLED", 2)

    @pytest.fixture
    def app(self) -> Iterator[Blocking]:
        app = Blocking()
        yield app
        app.released.set()

    def test_ends_when_a_thread_is_free(self, app: Blocking) -> None:
        async def scenario() -> list[bytes]:
            served = WsgiBridge(app, 1)
            requests = [asyncio.create_task(request(served, path)) for path in ("/1", "/2")]
            await asyncio.to_thread(app.is_blocked.wait)
            app.released.set()
            return await asyncio.gather(*requests)

        assert asyncio.run(scenario()) == [b"/1", b"/2"]

    @pytest.mark.parametrize("is_served", [True, False])
    def test_is_reported_for_requests_that_waited_only(
        self, app: Blocking, is_served: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bridge, "STALL_TIMEOUT", 60.0)
        monkeypatch.setattr(bridge, "QUEUE_TIMEOUT", 60.0)
        waits: list[float] = []

        async def scenario() -> None:
            served = WsgiBridge(app, 1, waits.append)
            first, second = (asyncio.create_task(request(served, path)) for path in ("/1", "/2"))
            await asyncio.to_thread(app.is_blocked.wait)
            assert (served.busy, served.queued, waits) == (1, 1, [])
            if not is_served:
                monkeypatch.setattr(bridge, "STALL_TIMEOUT", 0.0)
                with pytest.raises(Unavailable):
                    await second
            app.released.set()
            await asyncio.gather(first, second, return_exceptions=True)
            assert (served.busy, served.queued) == (0, 0)

        asyncio.run(scenario())

        [seconds] = waits
        assert seconds > 0

    def test_ends_without_a_thread_at_the_timeout(self, app: Blocking) -> None:
        async def scenario() -> bytes:
            served = WsgiBridge(app, 1)
            first = asyncio.create_task(request(served, "/1"))
            await asyncio.to_thread(app.is_blocked.wait)
            with pytest.raises(Unavailable):
                await request(served, "/2")
            app.released.set()
            return await first

        assert asyncio.run(scenario()) == b"/1"
        assert app.started == ["/1"]

    def test_continues_while_other_requests_finish_up_to_a_limit(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bridge, "STALL_TIMEOUT", 0.25)
        monkeypatch.setattr(bridge, "QUEUE_TIMEOUT", 0.5)

        def slow(_environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
            sleep(0.025)
            start_response("200 OK", [])
            return [b""]

        async def scenario() -> list[Any]:
            served = WsgiBridge(slow, 1)
            requests = [request(served, "/") for _ in range(60)]
            return await asyncio.gather(*requests, return_exceptions=True)

        done = [body == b"" for body in asyncio.run(scenario())]
        assert 3 < sum(done) < len(done)
        # While requests are being refused, the thread may still start one of them.
        assert done.index(False) >= sum(done) - 1

    def test_is_refused_at_once_after_many_cancelled_requests(self, app: Blocking) -> None:
        async def scenario() -> bytes:
            served = WsgiBridge(app, 1)
            first = await exhausted(served, app)
            with pytest.raises(Unavailable):
                await asyncio.wait_for(request(served, "/3"), bridge.STALL_TIMEOUT / 2)
            app.released.set()
            await first
            return await request(served, "/4")

        assert asyncio.run(scenario()) == b"/4"
        assert app.started == ["/1", "/4"]

    def test_is_possible_again_after_running_requests_lost_their_clients(
        self, app: Blocking
    ) -> None:
        async def scenario() -> bytes:
            served = WsgiBridge(app, 1)
            first = await exhausted(served, app)
            first.cancel()
            app.released.set()
            with pytest.raises(Unavailable):
                await request(served, "/3")
            await asyncio.sleep(bridge.QUEUE_TIMEOUT)
            return await request(served, "/4")

        assert asyncio.run(scenario()) == b"/4"

    def test_of_a_disconnected_client_ends_without_a_call(self, app: Blocking) -> None:
        async def scenario() -> None:
            served = WsgiBridge(app, 1)
            requests = [asyncio.create_task(request(served, path)) for path in ("/1", "/2")]
            await asyncio.to_thread(app.is_blocked.wait)
            requests[1].cancel()
            with pytest.raises(asyncio.CancelledError):
                await requests[1]
            app.released.set()
            await requests[0]

        asyncio.run(scenario())
        assert app.started == ["/1"]
