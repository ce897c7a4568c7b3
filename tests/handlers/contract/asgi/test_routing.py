import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Response, request
from openapi_spec_validator import OpenAPIV30SpecValidator
from starlette.testclient import TestClient
from werkzeug.exceptions import HTTPException

import handlers
from handlers.contract.asgi.routing import ContractApp, View, find_handler, routing_view
from handlers.contract.document.bundle import ContractError, load_contract
from handlers.contract.operations.operations import Operation
from tests.support.small_contracts import (
    THING,
    compile_operations,
    has_json,
    make_contract,
    make_operation,
    make_spec,
)

PK = {"name": "pk", "in": "path", "required": True, "schema": {"type": "integer"}}
PAGE = {"name": "page", "in": "query", "schema": {"type": "integer"}}
ACTS = {"x-acts-on-get": True}
GET_THING = "things.yaml#/paths/~1things~1{pk}~1/get"


def make_get_thing(**overrides: Any) -> Operation:
    return make_operation("/things/{pk}/", parameters=[PK, PAGE], **overrides)


class TestFindHandler:
    @pytest.fixture(autouse=True)
    def room(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        """Another folder of the package `handlers`, for the module of things.yaml."""
        monkeypatch.setattr(handlers, "__path__", [*handlers.__path__, str(tmp_path)])
        yield tmp_path
        sys.modules.pop("handlers.things", None)

    def find(self, operation: Operation) -> Callable[..., Any]:
        contract = make_contract({operation.path: {operation.method: make_spec(parameters=[PK])}})
        return find_handler(contract, operation, "handlers")

    def fault(self, operation: Operation) -> str:
        with pytest.raises(ContractError) as error:
            self.find(operation)
        return str(error.value)

    def test_needs_the_module_of_the_file(self) -> None:
        message = self.fault(make_get_thing())

        assert message == f"{GET_THING}: there is no module handlers.things"

    def test_needs_the_function_of_the_operation(self, room: Path) -> None:
        (room / "things.py").touch()

        assert self.fault(make_get_thing()) == (
            f"{GET_THING}: operationId getThing has no handler handlers.things.get_thing"
        )

    def test_raises_a_fault_of_the_module_unchanged(self, room: Path) -> None:
        (room / "things.py").write_text("import no_such_library")

        with pytest.raises(ModuleNotFoundError, match="no_such_library"):
            self.find(make_get_thing())

    @pytest.mark.parametrize(
        "signature", ["pk, page", "pk, page=1", "*, pk, page", "pk, **filters", "**everything"]
    )
    def test_accepts_a_function_with_these_parameters(self, room: Path, signature: str) -> None:
        (room / "things.py").write_text(f"def get_thing({signature}): return 'found'")

        assert self.find(make_get_thing())(pk=1, page=2) == "found"

    @pytest.mark.parametrize(
        ("signature", "taken"),
        [
            ("", []),
            ("pk", ["pk"]),
            ("pk, page, size", ["page", "pk", "size"]),
            ("pk, page, size=1", ["page", "pk", "size"]),
            ("pk, size, **filters", ["pk", "size"]),
            ("pk, page, body", ["body", "page", "pk"]),
        ],
    )
    def test_refuses_a_function_with_other_parameters(
        self, room: Path, signature: str, taken: list[str]
    ) -> None:
        (room / "things.py").write_text(f"def get_thing({signature}): ...")

        assert self.fault(make_get_thing()) == (
            f"{GET_THING}: get_thing takes {taken}, not ['page', 'pk']"
        )

    def test_expects_the_body_if_there_is_one(self, room: Path) -> None:
        (room / "things.py").write_text("def get_thing(pk, page): ...")

        message = self.fault(make_get_thing(method="put", requestBody=has_json(THING)))

        assert message.endswith("get_thing takes ['page', 'pk'], not ['body', 'page', 'pk']")


class TestRoutingView:
    @pytest.fixture
    def operations(self) -> list[Operation]:
        """The operations of the served contract."""
        return compile_operations(load_contract(), unread=["application/yaml"])

    def test_is_valid_openapi_3_0(self, operations: list[Operation]) -> None:
        OpenAPIV30SpecValidator(routing_view(operations)).validate()

    def test_has_every_operation_of_the_contract(self, operations: list[Operation]) -> None:
        document = load_contract().document
        paths = routing_view(operations)["paths"]

        assert {
            (path, method): spec["operationId"]
            for path, item in paths.items()
            for method, spec in item.items()
        } == {
            (path, method): spec["operationId"]
            for path, item in document["paths"].items()
            for method, spec in item.items()
            if method != "parameters"
        }

    def test_has_path_parameters_as_text(self) -> None:
        view = routing_view([make_get_thing()])

        [parameter] = view["paths"]["/things/{pk}/"]["get"]["parameters"]
        assert (parameter["name"], parameter["schema"]) == ("pk", {"type": "string"})


class TestContractApp:
    @pytest.fixture
    def client(self) -> Iterator[TestClient]:
        """The client of an application whose views return their operation and arguments."""
        contract = make_contract(
            {
                "/things/": {"get": make_spec(operationId="listThings")},
                "/things/all/": {"post": make_spec(operationId="addThings")},
                "/things/one/": {"get": make_spec(operationId="getOne") | ACTS},
                "/things/{pk}/": {"get": make_spec(parameters=[PK])},
                "/things/{pk}/take/": {
                    "get": make_spec(operationId="takeThing", parameters=[PK]) | ACTS
                },
                "/files/{pk}.json": {"get": make_spec(operationId="getFile", parameters=[PK])},
            }
        )
        operations = compile_operations(contract)
        app = ContractApp("handlers", lifespan=_no_lifespan, edge=lambda inner: inner, threads=1)
        app.app.register_error_handler(HTTPException, lambda error: error.get_response())
        app.route(
            operations, {operation.operation_id: _view_of(operation) for operation in operations}
        )
        with TestClient(app, follow_redirects=False) as client:
            yield client

    @pytest.mark.parametrize(
        ("path", "message"),
        [
            ("/things/", "listThings {}"),
            ("/things/7/", "getThing {'pk': '7'}"),
            ("/things/one/", "getOne {}"),
            ("/things/7/take/", "takeThing {'pk': '7'}"),
            ("/things/x%20y/", "getThing {'pk': 'x y'}"),
            ("/things/-1/", "getThing {'pk': '-1'}"),
            (f"/things/{'9' * 5000}/", f"getThing {{'pk': '{'9' * 5000}'}}"),
            ("/files/7.json", "getFile {'pk': '7'}"),
        ],
        ids=[
            "no parameter",
            "number",
            "static",
            "acting",
            "text",
            "negative",
            "5,000 digits",
            "part of a segment",
        ],
    )
    def test_passes_path_parameters_to_the_view(
        self, client: TestClient, path: str, message: str
    ) -> None:
        assert client.get(path).text == message

    @pytest.mark.parametrize("path", ["/", "/other/", "/things/1/2/"])
    def test_has_no_other_routes(self, client: TestClient, path: str) -> None:
        assert client.get(path).status_code == 404

    def test_has_no_other_methods(self, client: TestClient) -> None:
        assert client.delete("/things/7/").status_code == 405

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("GET", "/things/all/", "OPTIONS, POST"),
            ("HEAD", "/things/all/", "OPTIONS, POST"),
            ("GET", "/things/%61ll/", "OPTIONS, POST"),
            ("POST", "/things/", "GET, HEAD, OPTIONS"),
            ("HEAD", "/things/one/", "GET, OPTIONS"),
            ("HEAD", "/things/7/take/", "GET, OPTIONS"),
        ],
    )
    def test_does_not_try_a_template_if_a_static_path_lacks_the_method(
        self, client: TestClient, method: str, path: str, allowed: str
    ) -> None:
        response = client.request(method, path)

        assert response.status_code == 405
        assert ", ".join(sorted(response.headers["allow"].split(", "))) == allowed

    def test_supports_head_for_operations_that_do_not_act(self, client: TestClient) -> None:
        assert client.head("/things/7/").status_code == 200

    @pytest.mark.parametrize(
        ("path", "allowed"),
        [
            ("/things/", {"GET", "HEAD", "OPTIONS"}),
            ("/things/all/", {"OPTIONS", "POST"}),
            ("/things/one/", {"GET", "OPTIONS"}),
            ("/things/7/", {"GET", "HEAD", "OPTIONS"}),
            ("/things/7/take/", {"GET", "OPTIONS"}),
        ],
    )
    def test_lists_the_methods_for_options(
        self, client: TestClient, path: str, allowed: set[str]
    ) -> None:
        response = client.options(path)

        assert (response.status_code, response.content) == (200, b"")
        assert set(response.headers["allow"].split(", ")) == allowed

    def test_joins_a_repeated_header(self, client: TestClient) -> None:
        twice = [("X-Once", "a"), ("X-Once", "b")]

        assert client.get("/things/", headers=twice).headers["X-Once"] == "a,b"


def _view_of(operation: Operation) -> View:
    def view(**path: str) -> Response:
        seen = {"X-Once": request.headers.get("X-Once", "")}
        return Response(f"{operation.operation_id} {path}", headers=seen)

    return view


@asynccontextmanager
async def _no_lifespan(_app: object) -> AsyncIterator[None]:
    yield
