import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from flask import Response
from starlette.testclient import TestClient

from domain.shared.errors import FieldErrors, InvalidInput, NotAuthenticated, NotFound, Unavailable
from handlers.contract.document.contract import ContractError
from handlers.contract.engine import Application, mount
from handlers.contract.operations.responses import Reply
from handlers.contract.operations.security import Credential, identity

NAME = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
THING: dict[str, Any] = {"schema": NAME}
SECRET = NAME["properties"] | {  # type: ignore[operator]  # of a literal
    "id": {"type": "integer", "format": "int32", "readOnly": True},
    "key": {"type": "string", "writeOnly": True},
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "servers": [
        {
            "url": "https://things.example/v{version}",
            "variables": {"version": {"default": "2"}},
        }
    ],
    "components": {"securitySchemes": {"Token": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/things": {
            "get": {
                "operationId": "listThings",
                "parameters": [
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                    {"name": "page[size]", "in": "query", "schema": {"type": "integer"}},
                ],
                "responses": {
                    "2XX": {
                        "description": "",
                        "headers": {"X-Total": {"required": True, "schema": {"type": "integer"}}},
                        "content": {"application/vnd.things+json": THING, "text/*": {}},
                    }
                },
            },
            "post": {
                "operationId": "addThing",
                "security": [{"Token": ["write"]}],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["id", "name", "key"],
                                "properties": SECRET,
                            }
                        },
                        "text/plain": {"schema": {"type": "string", "maxLength": 3}},
                        "image/*": {},
                    },
                },
                "responses": {
                    "201": {
                        "description": "",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["id", "name", "key"],
                                    "properties": SECRET,
                                }
                            }
                        },
                    },
                    "default": {"description": "", "content": {"application/json": {}}},
                },
            },
        },
        "/things/{thing-id}": {
            "delete": {
                "operationId": "deleteThing",
                "parameters": [
                    {
                        "name": "thing-id",
                        "in": "path",
                        "required": True,
                        "schema": {"type": "integer"},
                    }
                ],
                "responses": {"404": {"description": ""}},
            }
        },
        "/free": {"get": {"operationId": "getFree"}},
    },
}

TOTAL = {"X-Total": "1"}


def check(credential: Credential) -> str:
    if credential.value != "good":
        raise NotAuthenticated
    return f"{credential.value} for {sorted(credential.scopes)}"


def list_things(page_size: int = 1, X_Trace: str = "") -> Any:  # noqa: N803 - a header
    return {"name": f"{page_size} {X_Trace}"}, 206, {"X-Total": "3"}


def add_thing(body: Any) -> Any:
    return {"id": 1, "name": f"{body} by {identity()}"}


def delete_thing(thing_id: int) -> None:
    if thing_id == 0:
        raise NotFound


def get_free() -> Any:
    return Response("anything", 418, content_type="text/plain")


HANDLERS: dict[str, Any] = {
    "listThings": list_things,
    "addThing": add_thing,
    "deleteThing": delete_thing,
    "getFree": get_free,
}


@contextmanager
def served(
    document: Any = DOCUMENT, handlers: Any = HANDLERS, **application: Any
) -> Iterator[TestClient]:
    application = {"checks": {"Token": check}} | application
    with TestClient(mount(document, handlers, Application(**application))) as client:
        yield client


def answer_of(handler: Any, path: str = "/v2/things", name: str = "listThings") -> Any:
    """The response when ``handler`` handles the operation ``name``."""
    with served(handlers=HANDLERS | {name: handler}) as client:
        return client.get(path)


class TestDocuments:
    @pytest.mark.parametrize("form", ["json", "yaml"])
    def test_are_files_of_either_syntax(self, form: str, tmp_path: Path) -> None:
        file = tmp_path / f"things.{form}"
        file.write_text(json.dumps(DOCUMENT) if form == "json" else yaml.dump(DOCUMENT))

        with served(file) as client:
            assert client.get("/free").status_code == 404
            assert client.get("/v2/free").status_code == 418

    def test_are_directories(self, tmp_path: Path) -> None:
        (tmp_path / "openapi.yaml").write_text(yaml.dump(DOCUMENT))

        with served(tmp_path) as client:
            assert client.get("/v2/free").status_code == 418

    def test_are_mounted_at_the_base_path(self) -> None:
        with served(base_path="/api") as client:
            assert client.get("/api/free").status_code == 418

    def test_are_mounted_at_the_root_without_a_server(self) -> None:
        with served({**DOCUMENT, "servers": []}) as client:
            assert client.get("/free").status_code == 418

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"info": {}}, "document#/info: "),
            ({"paths": {"/a": {"get": {}}}}, "document#/paths/~1a/get: operationId is missing"),
            (
                {"paths": {"/a": {"get": {"operationId": "a"}, "put": {"operationId": "a"}}}},
                "document#/paths/~1a/put/operationId: a is already another operation",
            ),
            ({"webhooks": {}}, "the keyword webhooks of a OpenAPI Object is not supported"),
            (
                {"servers": [{"url": "/{a}", "variables": {}}]},
                "document#/servers/0/url: has a variable of no value",
            ),
            (
                {"components": {"schemas": {"A": {"$ref": "other.yaml"}}}},
                "document#/components/schemas/A/$ref: only components of the document",
            ),
            (
                {"components": {"schemas": {"A": {"$ref": "#/components/schemas/B"}}}},
                "document#/components/schemas/A/$ref: only components of the document",
            ),
        ],
    )
    def test_that_can_not_be_served_name_the_place(
        self, change: dict[str, Any], expected: str
    ) -> None:
        with pytest.raises(ContractError) as error, served({**DOCUMENT, **change}):
            pass

        assert expected in str(error.value)

    def test_are_served_without_excluded_parts(self) -> None:
        with served({**DOCUMENT, "webhooks": {}}, without=["webhooks", "/paths/~1free"]) as client:
            assert client.get("/v2/free").status_code == 404


class TestHandlers:
    def test_may_be_functions_of_a_module(self) -> None:
        module = ModuleType("things")
        for handler in (list_things, add_thing, delete_thing, get_free):
            setattr(module, handler.__name__, handler)

        with served(handlers=module) as client:
            assert client.get("/v2/free").status_code == 418

    def test_are_required_for_every_operation(self) -> None:
        with pytest.raises(ContractError, match="operationId getFree has no handler getFree"):
            mount(
                DOCUMENT,
                {name: HANDLERS[name] for name in HANDLERS if name != "getFree"},
                Application(checks={"Token": check}),
            )

    def test_get_headers_by_argument_and_names_as_identifiers(self) -> None:
        with served() as client:
            response = client.get("/v2/things?page%5Bsize%5D=7", headers={"X-Trace": "t"})

        assert (response.status_code, response.json()) == (206, {"name": "7 t"})
        assert response.headers["content-type"] == "application/vnd.things+json"

    def test_respond_with_the_first_described_success(self) -> None:
        with served() as client:
            response = client.post("/v2/things", content=b"abc", headers=given("text/plain"))

        assert (response.status_code, response.json()["name"]) == (201, "abc by good for ['write']")

    def test_get_bodies_of_any_type_of_a_range(self) -> None:
        with served() as client:
            response = client.post("/v2/things", content=b"\xff", headers=given("image/png"))

        assert response.json()["name"].startswith("b'\\xff'")

    def test_may_succeed_without_a_described_success(self) -> None:
        with served() as client:
            assert client.delete("/v2/things/1").status_code == 200


def given(content_type: str, shown: str = "good") -> dict[str, str]:
    return {"Content-Type": content_type, "Authorization": f"Bearer {shown}"}


class TestRequests:
    @pytest.mark.parametrize(
        ("body", "content_type", "status"),
        [
            (b'{"name": "a", "key": "k"}', "application/json", 201),
            (b'{"name": "a"}', "application/json", 400),
            (b'{"id": 1, "name": "a", "key": "k"}', "application/json", 400),
            (b"{", "application/json", 400),
            (b"", "application/json", 400),
            (b"abcd", "text/plain", 400),
            (b"\xff", "text/plain", 400),
            (b"a,b", "text/csv", 415),
        ],
        ids=str,
    )
    def test_must_be_valid(self, body: bytes, content_type: str, status: int) -> None:
        with served() as client:
            response = client.post("/v2/things", content=body, headers=given(content_type))

        assert response.status_code == status

    @pytest.mark.parametrize("headers", [{}, given("text/plain", "bad")], ids=["none", "bad"])
    def test_need_a_valid_credential(self, headers: dict[str, str]) -> None:
        with served() as client:
            response = client.post("/v2/things", headers=headers)

        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")

    def test_are_authenticated_by_the_application(self) -> None:
        def refuse_all(_operation: Any) -> None:
            raise NotAuthenticated

        with served(authentication=lambda _contract, _operations: refuse_all) as client:
            assert client.get("/v2/free").status_code == 401


class TestResponses:
    @pytest.mark.parametrize(
        "handler",
        [
            lambda: ({"name": 1}, 200, {"X-Total": "1"}),
            lambda: ({"name": "a"}, 200),
            lambda: ({"name": "a"}, 200, {"X-Total": "x"}),
            lambda: Reply(302),
            lambda: Response("{", 200, TOTAL, content_type="application/vnd.things+json"),
            lambda: Response("a", 200, TOTAL, content_type="image/png"),
            lambda: 1 / 0,
        ],
        ids=["body", "no header", "header", "status", "no json", "media type", "fault"],
    )
    def test_that_are_invalid_are_not_sent(self, handler: Any) -> None:
        def list_anything(**_: Any) -> Any:
            return handler()

        response = answer_of(list_anything)

        assert (response.status_code, response.json()["title"]) == (500, "Internal Server Error")

    def test_in_a_media_type_of_a_range_are_sent(self) -> None:
        def list_text(**_: Any) -> Any:
            return Response("a", 200, {"X-Total": "1"}, content_type="text/csv")

        assert answer_of(list_text).text == "a"

    def test_must_not_contain_write_only_properties(self) -> None:
        def add_secret(**_: Any) -> Any:
            return {"id": 1, "name": "a", "key": "k"}

        with served(handlers=HANDLERS | {"addThing": add_secret}) as client:
            response = client.post("/v2/things", content=b"a", headers=given("text/plain"))

        assert response.status_code == 500


class TestRefusals:
    @pytest.mark.parametrize(
        ("refusal", "status", "expected"),
        [
            (InvalidInput("Too many.", field="a"), 400, {"errors": {"a": "Too many."}}),
            (
                FieldErrors({"a": FieldErrors({"b": InvalidInput("Bad.")})}),
                400,
                {"errors": {"a": {"b": "Bad."}}},
            ),
            (Unavailable(), 503, {"title": "Service Unavailable"}),
        ],
        ids=["field", "fields", "unavailable"],
    )
    def test_are_problem_details(
        self, refusal: Exception, status: int, expected: dict[str, Any]
    ) -> None:
        def refuse(**_: Any) -> Any:
            raise refusal

        response = answer_of(refuse)

        assert response.status_code == response.json()["status"] == status
        assert response.json().items() >= expected.items()
        assert response.headers["content-type"] == "application/problem+json"
        assert ("retry-after" in response.headers) == (status == 503)

    def test_of_unknown_paths_and_methods_are_problem_details(self) -> None:
        with served() as client:
            missing, method = client.get("/v2/none"), client.put("/v2/things")
            malformed = client.get("/v2/things", headers={"Host": "a b"})

        assert (missing.status_code, method.status_code) == (404, 405)
        assert "POST" in method.headers["allow"]
        assert malformed.status_code == 400
        assert malformed.headers["content-type"] == "application/problem+json"

    def test_that_are_described_must_be_valid(self) -> None:
        def refuse(**_: Any) -> Any:
            raise NotFound

        with served(handlers=HANDLERS | {"deleteThing": refuse}) as client:
            response = client.delete("/v2/things/1")

        # 404 is described without a body, but Problem Details have one.
        assert response.status_code == 500
