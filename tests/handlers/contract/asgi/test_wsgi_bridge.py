import asyncio
from collections.abc import Callable, Iterable, Iterator
from threading import Event
from time import sleep
from typing import Any

import pytest

from domain.shared.errors import Unavailable
from handlers.contract.asgi import wsgi_bridge as bridge
from handlers.contract.asgi.wsgi_bridge import Bridge, Environ

Headers = list[tuple[bytes, bytes]]


class Told:
    """A WSGI application that remembers what it was told."""

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


def ask(app: Any, headers: Headers, *content: bytes, **scope: Any) -> list[Any]:
    """Send one request; return the messages of the answer."""
    return asyncio.run(exchange(Bridge(app, 1), headers, *content, **scope))


async def exchange(
    bridge: Bridge, headers: Iterable[tuple[bytes, bytes]] = (), *content: bytes, **scope: Any
) -> list[Any]:
    sent: list[Any] = []
    parts = [
        {"type": "http.request", "body": body, "more_body": index < len(content)}
        for index, body in enumerate(content, 1)
    ]
    asked = {
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

    await bridge(asked, receive, send)
    return sent


class TestRequest:
    def test_is_told_as_pep_3333_says(self) -> None:
        app = Told()

        ask(app, [(b"host", b"shop"), (b"x-request-id", b"5")])

        assert app.environ["REQUEST_METHOD"] == "POST"
        assert app.environ["PATH_INFO"] == "/caf\u00e9/".encode().decode("latin-1")
        assert app.environ["QUERY_STRING"] == "a=1&b=%20"
        assert (app.environ["SERVER_NAME"], app.environ["SERVER_PORT"]) == ("127.0.0.1", "8000")
        assert (app.environ["REMOTE_ADDR"], app.environ["HTTP_X_REQUEST_ID"]) == ("10.0.0.1", "5")

    def test_has_its_whole_content(self) -> None:
        app = Told()

        ask(app, [(b"content-length", b"4"), (b"content-type", b"text/plain")], b"ab", b"cd")

        assert app.content == b"abcd"
        assert (app.environ["CONTENT_LENGTH"], app.environ["CONTENT_TYPE"]) == ("4", "text/plain")

    def test_without_content_is_not_waited_for(self) -> None:
        app = Told()

        ask(app, [])

        assert app.content == b""

    def test_of_http_2_announces_nothing(self) -> None:
        app = Told()

        ask(app, [], b"ab", http_version="2")

        assert (app.content, app.environ["CONTENT_LENGTH"]) == (b"ab", "2")

    @pytest.mark.parametrize(
        ("headers", "name", "value"),
        [
            ([(b"cookie", b"a=1"), (b"cookie", b"b=2")], "HTTP_COOKIE", "a=1; b=2"),
            ([(b"accept", b"a/b"), (b"accept", b"c/d")], "HTTP_ACCEPT", "a/b,c/d"),
            ([(b"x_forwarded_for", b"1"), (b"x-forwarded-for", b"2")], "HTTP_X_FORWARDED_FOR", "2"),
        ],
    )
    def test_has_each_header_once(self, headers: Headers, name: str, value: str) -> None:
        app = Told()

        ask(app, headers)

        assert app.environ[name] == value


class TestAnswer:
    def test_leaves_at_once(self) -> None:
        app = Told(b"ab", b"cd")

        start, body = ask(app, [])

        assert start["status"] == 201
        assert start["headers"] == [(b"x-name", b"caf\xe9"), (b"set-cookie", b"a=1")]
        assert body["body"] == b"abcd"
        assert app.is_closed

    def test_is_not_begun_by_what_fails(self) -> None:
        def fail(*_: Any) -> Iterable[bytes]:
            raise RuntimeError("broken")

        with pytest.raises(RuntimeError, match="broken"):
            ask(fail, [])


class Held:
    """A WSGI application whose first request stays at work until it is let go."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.is_held = Event()
        self.let_go = Event()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.begun.append(environ["PATH_INFO"])
        if len(self.begun) == 1:
            self.is_held.set()
            self.let_go.wait()
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]


async def asked(served: Bridge, path: str) -> bytes:
    _, body = await exchange(served, path=path)
    answer: bytes = body["body"]
    return answer


async def exhausted(served: Bridge, app: Held) -> asyncio.Task[bytes]:
    """The request that holds the one thread, for which as many as there may be have given up."""
    first = asyncio.create_task(asked(served, "/1"))
    await asyncio.to_thread(app.is_held.wait)
    for _ in range(bridge.MAX_GIVEN_UP):
        with pytest.raises(Unavailable):
            await asked(served, "/2")
    return first


class TestWaiting:
    @pytest.fixture(autouse=True)
    def briefly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bridge, "HELD_UP_SECONDS", 0.05)
        monkeypatch.setattr(bridge, "LONGEST_SECONDS", 0.3)
        monkeypatch.setattr(bridge, "_STEP_SECONDS", 0.01)
        monkeypatch.setattr(bridge, "MAX_GIVEN_UP", 2)

    @pytest.fixture
    def app(self) -> Iterator[Held]:
        app = Held()
        yield app
        app.let_go.set()

    def test_ends_when_a_thread_is_free(self, app: Held) -> None:
        async def story() -> list[bytes]:
            served = Bridge(app, 1)
            asking = [asyncio.create_task(asked(served, path)) for path in ("/1", "/2")]
            await asyncio.to_thread(app.is_held.wait)
            app.let_go.set()
            return await asyncio.gather(*asking)

        assert asyncio.run(story()) == [b"/1", b"/2"]

    def test_ends_without_a_thread_after_a_while(self, app: Held) -> None:
        async def story() -> bytes:
            served = Bridge(app, 1)
            first = asyncio.create_task(asked(served, "/1"))
            await asyncio.to_thread(app.is_held.wait)
            with pytest.raises(Unavailable):
                await asked(served, "/2")
            app.let_go.set()
            return await first

        assert asyncio.run(story()) == b"/1"
        assert app.begun == ["/1"]

    def test_goes_on_while_others_get_done_but_not_for_ever(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bridge, "HELD_UP_SECONDS", 0.25)
        monkeypatch.setattr(bridge, "LONGEST_SECONDS", 0.5)

        def slow(_environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
            sleep(0.025)
            start_response("200 OK", [])
            return [b""]

        async def story() -> list[Any]:
            served = Bridge(slow, 1)
            asking = [asked(served, "/") for _ in range(60)]
            return await asyncio.gather(*asking, return_exceptions=True)

        done = [each == b"" for each in asyncio.run(story())]
        assert 3 < sum(done) < len(done)
        # While the requests are sent away one by one, the thread may still begin one of them.
        assert done.index(False) >= sum(done) - 1

    def test_does_not_begin_where_too_many_gave_up(self, app: Held) -> None:
        async def story() -> bytes:
            served = Bridge(app, 1)
            first = await exhausted(served, app)
            with pytest.raises(Unavailable):
                await asyncio.wait_for(asked(served, "/3"), bridge.HELD_UP_SECONDS / 2)
            app.let_go.set()
            await first
            return await asked(served, "/4")

        assert asyncio.run(story()) == b"/4"
        assert app.begun == ["/1", "/4"]

    def test_is_for_everybody_again_when_those_at_work_have_lost_their_clients(
        self, app: Held
    ) -> None:
        async def story() -> bytes:
            served = Bridge(app, 1)
            first = await exhausted(served, app)
            first.cancel()
            app.let_go.set()
            with pytest.raises(Unavailable):
                await asked(served, "/3")
            await asyncio.sleep(bridge.LONGEST_SECONDS)
            return await asked(served, "/4")

        assert asyncio.run(story()) == b"/4"

    def test_of_a_client_that_goes_is_no_failure_of_ours(self, app: Held) -> None:
        async def story() -> None:
            served = Bridge(app, 1)
            asking = [asyncio.create_task(asked(served, path)) for path in ("/1", "/2")]
            await asyncio.to_thread(app.is_held.wait)
            asking[1].cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking[1]
            app.let_go.set()
            await asking[0]

        asyncio.run(story())
        assert app.begun == ["/1"]
