"""Samples are run unchanged, against a server that returns the request."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from handlers.contract.document.code_samples import add_code_samples, code_samples

TRICKY = {
    "text": 'it\'s "so" $HOME ${HOME} \\ `ls` {0} ş',
    "number": 1.5,
    "yes": True,
    "no": None,
    "many": [1, {"empty": {}}, []],
}
SCHEMES = {
    "SessionCookie": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
    "SessionKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "x-prefix": "Session ",
    },
    "SellerToken": {"type": "http", "scheme": "bearer"},
    "LinkToken": {"type": "apiKey", "in": "query", "name": "token"},
    "JsonContentType": {"type": "apiKey", "in": "header", "name": "Content-Type"},
}
VARIABLES = {
    "SESSION_KEY": "abc",
    "SELLER_TOKEN": "t-1",
    "LINK_TOKEN": "a.b",
}


def make_document(**operation: Any) -> dict[str, Any]:
    method = operation.pop("method", "get")
    path = operation.pop("path", "/things/")
    return {
        "paths": {path: {"parameters": [], method: operation}},
        "components": {
            "securitySchemes": SCHEMES,
            "parameters": {
                "Pk": {
                    "name": "pk",
                    "in": "path",
                    "required": True,
                    "schema": {"$ref": "#/components/schemas/Pk"},
                },
                "Key": {"name": "Idempotency-Key", "in": "header", "schema": {}},
            },
            "schemas": {"Pk": {"type": "string", "examples": ["a b/c"]}},
            "examples": {"Tricky": {"value": TRICKY}},
        },
    }


def body(**media_type: Any) -> dict[str, Any]:
    return {"content": {"application/json": media_type}}


class Echo(BaseHTTPRequestHandler):
    """Responds with the request as JSON."""

    def answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        shown = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": json.loads(content) if content else None,
        }
        self.send_response(404 if self.path.startswith("/missing/") else 200)
        self.end_headers()
        self.wfile.write(json.dumps(shown).encode())

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names that are looked for

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Echo)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def run(language: str, source: str, address: str) -> subprocess.CompletedProcess[str]:
    program = {"Shell": ["sh", "-c"], "Python": [sys.executable, "-c"]}[language]
    variables = os.environ | VARIABLES | {"BASE_URL": address}
    return subprocess.run(  # noqa: S603 - the sample
        [*program, source], env=variables, capture_output=True, text=True, check=False, timeout=60
    )


def sent(document: dict[str, Any], language: str, address: str) -> dict[str, Any]:
    """The request that the sample of the only operation sends."""
    ((path, item),) = document["paths"].items()
    method = next(name for name in item if name != "parameters")
    samples = {sample["lang"]: sample["source"] for sample in code_samples(document, path, method)}
    done = run(language, samples[language], address)
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


@pytest.mark.parametrize("language", ["Shell", "Python"])
class TestSamples:
    def test_a_get_has_the_example_in_its_path(self, language: str, address: str) -> None:
        document = make_document(
            path="/things/{pk}/", parameters=[{"$ref": "#/components/parameters/Pk"}]
        )

        shown = sent(document, language, address)

        assert (shown["method"], shown["path"]) == ("GET", "/things/a%20b%2Fc/")
        assert shown["body"] is None

    def test_only_required_parameters_are_sent(self, language: str, address: str) -> None:
        document = make_document(
            parameters=[
                {"name": "q", "in": "query", "required": True, "schema": {}, "example": "a&b c"},
                {"name": "page", "in": "query", "schema": {}, "example": 2},
            ]
        )

        assert sent(document, language, address)["path"] == "/things/?q=a%26b%20c"

    def test_the_body_is_the_first_example(self, language: str, address: str) -> None:
        content = body(
            examples={"first": {"$ref": "#/components/examples/Tricky"}, "second": {"value": 1}}
        )
        document = make_document(method="post", requestBody=content)

        shown = sent(document, language, address)

        assert (shown["method"], shown["body"]) == ("POST", TRICKY)
        assert shown["headers"]["content-type"] == "application/json"

    @pytest.mark.parametrize("method", ["put", "delete"])
    def test_other_methods(self, language: str, address: str, method: str) -> None:
        shown = sent(make_document(method=method), language, address)

        assert shown["method"] == method.upper()

    def test_a_post_without_a_body(self, language: str, address: str) -> None:
        assert sent(make_document(method="post"), language, address)["method"] == "POST"

    def test_every_request_has_a_unique_key(self, language: str, address: str) -> None:
        document = make_document(
            method="post", parameters=[{"$ref": "#/components/parameters/Key"}]
        )

        keys = {sent(document, language, address)["headers"]["idempotency-key"] for _ in "12"}

        assert len(keys) == 2
        assert all(len(key) >= 32 for key in keys)

    @pytest.mark.parametrize(
        ("security", "header", "value"),
        [
            ([{"SessionCookie": []}, {"SessionKey": []}], "authorization", "Session abc"),
            ([{"SellerToken": [], "JsonContentType": []}], "authorization", "Bearer t-1"),
            ([{"SellerToken": [], "JsonContentType": []}], "content-type", "application/json"),
        ],
    )
    def test_credentials_come_from_the_environment(
        self, language: str, address: str, security: list[Any], header: str, value: str
    ) -> None:
        shown = sent(make_document(security=security), language, address)

        assert shown["headers"][header] == value

    def test_a_credential_may_be_in_the_query(self, language: str, address: str) -> None:
        shown = sent(make_document(security=[{"LinkToken": []}]), language, address)

        assert shown["path"] == "/things/?token=a.b"

    def test_a_cookie_is_not_sent(self, language: str, address: str) -> None:
        shown = sent(make_document(security=[{"SessionCookie": []}]), language, address)

        assert not {"cookie", "authorization"} & shown["headers"].keys()

    def test_a_sample_fails_if_the_request_does(self, language: str, address: str) -> None:
        document = make_document(path="/missing/")
        source = next(
            sample["source"]
            for sample in code_samples(document, "/missing/", "get")
            if sample["lang"] == language
        )

        assert run(language, source, address).returncode != 0


class TestAddCodeSamples:
    def test_every_operation_has_one_in_each_language(self) -> None:
        document = make_document()

        add_code_samples(document)

        samples = document["paths"]["/things/"]["get"]["x-codeSamples"]
        assert [sample["label"] for sample in samples] == ["curl", "Python", "TypeScript"]
