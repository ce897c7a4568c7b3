"""Compares the contract engine with stock connexion and openapi-core: CPU time of a request.

    python -m benchmarks.engines

in an environment of requirements/test.txt, which has all three.

The same two operations, a list of items and a body, run in this process with validation in both
directions, without a server and sockets. The engines alternate in each round, so that noise of the
machine affects all.
"""

import asyncio
import json
import statistics
import warnings
from collections.abc import Callable
from copy import deepcopy
from time import process_time
from typing import Any

import click
import structlog

ROUNDS = 9
REQUESTS = 100
ITEMS = 20

ITEM = {
    "type": "object",
    "required": ["id", "name", "price"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "integer", "minimum": 1},
        "name": {"type": "string", "minLength": 1, "maxLength": 80},
        "price": {"type": "string", "pattern": "^[0-9]+[.][0-9]{2}$"},
        "state": {"type": "string", "enum": ["new", "used"]},
    },
}
SCHEMA = {"$ref": "#/components/schemas/Item"}
LIST = {"type": "array", "items": SCHEMA}


def _content(schema: Any) -> dict[str, Any]:
    return {"description": "", "content": {"application/json": {"schema": schema}}}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Items", "version": "1"},
    "paths": {
        "/items": {
            "get": {
                "operationId": "list_items",
                "parameters": [
                    {
                        "name": "limit",
                        "in": "query",
                        "schema": {"type": "integer", "minimum": 1, "maximum": 100},
                    }
                ],
                "responses": {"200": _content(LIST)},
            },
            "post": {
                "operationId": "add_item",
                "requestBody": {"required": True, "content": _content(SCHEMA)["content"]},
                "responses": {"201": _content(SCHEMA)},
            },
        }
    },
    "components": {"schemas": {"Item": ITEM}},
}
STORED = [
    {"id": number, "name": f"Cup {number}", "price": "9.90", "state": "new"}
    for number in range(1, ITEMS + 1)
]
BODY = json.dumps(STORED[0]).encode()


def list_items(limit: int = ITEMS, **_: Any) -> Any:
    return STORED[:limit], 200


def add_item(body: Any, **_: Any) -> Any:
    return body, 201


Send = Callable[[str, bytes], int]


def engine() -> Any:
    """The ASGI application of Waybill's engine."""
    from handlers.contract.engine import mount

    return mount(DOCUMENT, {"list_items": list_items, "add_item": add_item})


def stock_connexion() -> Any:
    """connexion's FlaskApp with strict and response validation, for OpenAPI 3.0."""
    from connexion import FlaskApp
    from connexion.resolver import Resolver

    document = deepcopy(DOCUMENT) | {"openapi": "3.0.3"}
    functions = {"list_items": list_items, "add_item": add_item}
    app = FlaskApp("items")
    app.add_api(
        document,
        strict_validation=True,
        validate_responses=True,
        resolver=Resolver(functions.__getitem__),
    )
    return app


def flask_openapi_core() -> Any:
    """Flask (WSGI) with openapi-core's decorator, which validates requests and responses."""
    from flask import Flask, jsonify, request
    from openapi_core import OpenAPI
    from openapi_core.contrib.flask.decorators import FlaskOpenAPIViewDecorator

    app = Flask("items")
    validated = FlaskOpenAPIViewDecorator(
        OpenAPI.from_dict({**DOCUMENT, "servers": [{"url": "http://localhost"}]})
    )

    @app.get("/items")
    @validated
    def list_view() -> Any:
        limit = request.openapi.parameters.query.get("limit", ITEMS)  # type: ignore[attr-defined]
        return jsonify(list_items(limit)[0])

    @app.post("/items")
    @validated
    def add_view() -> Any:
        return jsonify(request.openapi.body), 201  # type: ignore[attr-defined]

    return app


def _asgi(app: Any) -> Send:
    runner = asyncio.Runner()

    async def exchange(method: str, body: bytes) -> int:
        sent: list[Any] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"host", b"localhost"), (b"accept", b"application/json")]
        if body:
            headers += [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
            ]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": "/items",
            "raw_path": b"/items",
            "query_string": b"" if body else b"limit=20",
            "root_path": "",
            "headers": headers,
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 1),
        }
        await app(scope, receive, send)
        return int(sent[0]["status"])

    return lambda method, body: runner.run(exchange(method, body))


def _wsgi(app: Any) -> Send:
    client = app.test_client()

    def send(method: str, body: bytes) -> int:
        options = {"data": body, "content_type": "application/json"} if body else {}
        query = None if body else {"limit": "20"}
        response = client.open("/items", method=method, query_string=query, **options)
        return int(response.status_code)

    return send


def _measure(send: Send, method: str, body: bytes, expected: int) -> float:
    """CPU seconds of all threads for one request."""
    for _ in range(20):
        assert_status(send(method, body), expected)
    begun = process_time()
    for _ in range(REQUESTS):
        send(method, body)
    return (process_time() - begun) / REQUESTS


def assert_status(status: int, expected: int) -> None:
    """Raise RuntimeError unless the status is the expected one."""
    if status != expected:
        raise RuntimeError(f"status {status}, not {expected}")


def main() -> None:
    warnings.simplefilter("ignore")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    peers = {
        "this engine": _asgi(engine()),
        "connexion 3, strict": _asgi(stock_connexion()),
        "Flask and openapi-core": _wsgi(flask_openapi_core()),
    }
    for name, send in peers.items():
        assert_status(send("POST", b'{"id": 0}'), 400)
        click.echo(f"{name}: refuses an invalid body")
    for title, method, body, expected in (
        (f"list of {ITEMS} items", "GET", b"", 200),
        ("one body", "POST", BODY, 201),
    ):
        times: dict[str, list[float]] = {name: [] for name in peers}
        for _ in range(ROUNDS):
            for name, send in peers.items():
                times[name].append(_measure(send, method, body, expected))
        click.echo(f"\n{title}: median of {ROUNDS} rounds, CPU ms a request, and times as much")
        base = statistics.median(times["this engine"])
        for name, seconds in times.items():
            median = statistics.median(seconds)
            click.echo(f"  {name:24} {median * 1000:7.3f}  {median / base:6.1f} x")


if __name__ == "__main__":
    main()
