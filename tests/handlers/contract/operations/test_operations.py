from typing import Any

import pytest

from domain.shared.errors import InvalidInput
from handlers.contract.document.bundle import ContractError
from handlers.contract.operations.bodies import ContentType
from handlers.http.request_body import Content
from tests.support.guard_requests import sent
from tests.support.small_contracts import (
    THING,
    compile_operations,
    has_json,
    make_contract,
    make_operation,
    make_spec,
)

THINGS = "things.yaml#/paths/~1things~1"
ACTS: dict[str, Any] = {"x-acts-on-get": True}
JSON_ONLY: dict[str, Any] = {"x-requires-json": True}
STRICT: dict[str, Any] = {"x-strict-query": True}
PK = {"name": "pk", "in": "path", "required": True, "schema": {"type": "integer"}}
PAGE = {"name": "page", "in": "query", "schema": {"$ref": "#/components/schemas/Page"}}
PAGE_SCHEMA = {"type": "integer", "maximum": 9}


def fault(path: str = "/things/", **overrides: Any) -> str:
    with pytest.raises(ContractError) as error:
        make_operation(path, **overrides)
    return str(error.value)


class TestOperation:
    @pytest.mark.parametrize(
        ("operation_id", "name"),
        [
            ("listUserOrders", "list_user_orders"),
            ("logIn", "log_in"),
            ("getContractJson", "get_contract_json"),
            ("ping", "ping"),
        ],
    )
    def test_has_the_function_name_of_its_operation_id(self, operation_id: str, name: str) -> None:
        assert make_operation(operationId=operation_id).function_name == name

    def test_acts_on_get_if_marked(self) -> None:
        assert make_operation(**ACTS).acts_on_get
        assert not make_operation().acts_on_get

    def test_can_act_on_get_only_as_a_get(self) -> None:
        message = fault(method="post", **ACTS)

        assert message == f"{THINGS}/post/x-acts-on-get: only a GET can be marked so"

    def test_requires_json_if_marked(self) -> None:
        assert make_operation(**JSON_ONLY).content_type is ContentType.JSON
        assert make_operation().content_type is ContentType.ANY

    def test_has_the_content_type_of_the_compiler(self) -> None:
        contract = make_contract({"/things/": {"get": make_spec(**JSON_ONLY)}})

        [operation] = compile_operations(contract, content_type=ContentType.JSON_OR_NONE)

        assert operation.content_type is ContentType.JSON_OR_NONE

    def test_has_its_pointer_and_path_names(self) -> None:
        operation = make_operation("/a/{pk}.{kind}/", parameters=[PK, PK | {"name": "kind"}])

        assert (operation.method, operation.resource) == ("get", "things")
        assert operation.pointer == "/paths/~1a~1{pk}.{kind}~1/get"
        assert operation.path_names == ["pk", "kind"]


class TestOperations:
    def test_include_every_method_of_every_path(self) -> None:
        contract = make_contract(
            {
                "/b/": {
                    "post": make_spec(operationId="addB"),
                    "get": make_spec(operationId="getB"),
                },
                "/a/": {"delete": make_spec(operationId="dropA")},
            }
        )

        operations = compile_operations(contract)

        assert [operation.operation_id for operation in operations] == ["getB", "addB", "dropA"]

    def test_have_the_contract_s_security_by_default(self) -> None:
        contract = make_contract(
            {
                "/own/": {"get": make_spec(operationId="own", security=[{"Token": []}])},
                "/open/": {"get": make_spec(operationId="open", security=[])},
                "/other/": {"get": make_spec(operationId="other")},
            }
        )
        contract.document["security"] = [{"Cookie": []}]

        operations = compile_operations(contract)

        assert [operation.security for operation in operations] == [
            (("Token",),),
            (),
            (("Cookie",),),
        ]

    def test_have_all_alternatives_and_schemes_of_their_security(self) -> None:
        operation = make_operation(security=[{"Cookie": [], "Token": []}, {"Grant": []}, {}])

        assert operation.security == (("Cookie", "Token"), ("Grant",), ())

    def test_have_the_required_scopes(self) -> None:
        operation = make_operation(security=[{"Token": ["read"]}, {"Other": ["read"]}])

        assert operation.scopes == {"read"}
        assert make_operation(security=[{"Token": []}, {}]).scopes == frozenset()
        assert make_operation().scopes == frozenset()

    def test_have_the_scopes_by_scheme(self) -> None:
        operation = make_operation(security=[{"Token": ["read"]}, {"Cookie": []}])

        assert operation.scopes_by_scheme == {"Token": {"read"}, "Cookie": frozenset()}


class TestSchemesWithoutCredential:
    """`x-credential: false` marks a header that clients have to set."""

    SCHEMES = {  # noqa: RUF012 - read only
        "securitySchemes": {
            "Media": {
                "type": "apiKey",
                "in": "header",
                "name": "Content-Type",
                "x-credential": False,
            },
            "Token": {"type": "http", "scheme": "bearer"},
        }
    }

    @pytest.mark.parametrize("names", [("Token", "Media"), ("Media", "Token")])
    def test_are_not_part_of_the_security(self, names: tuple[str, str]) -> None:
        scopes = {"Token": ["read"], "Media": list[str]()}
        requirement = {name: scopes[name] for name in names}

        operation = make_operation(components=self.SCHEMES, security=[requirement, {}])

        assert operation.security == (("Token",), ())
        assert make_operation(components=self.SCHEMES, security=[requirement]).scopes == {"read"}

    def test_must_not_be_the_only_requirement(self) -> None:
        with pytest.raises(ContractError) as error:
            make_operation(components=self.SCHEMES, security=[{"Media": []}])

        message = "an alternative asks for no credential"
        assert str(error.value) == f"{THINGS}/get/security: {message}"


class TestParameters:
    def test_are_strict_if_marked(self) -> None:
        operation = make_operation(**STRICT)

        with pytest.raises(InvalidInput):
            operation.parameters.read({}, b"page=1", {})
        assert make_operation().parameters.read({}, b"page=1", {}) == {}

    def test_that_are_aliases_of_nothing_name_their_place(self) -> None:
        alias = PAGE | {"schema": PAGE_SCHEMA, "x-alias-of": "number"}

        message = fault(parameters=[alias])

        assert (
            message == f"{THINGS}/get/parameters: page is an alias of number, which is no parameter"
        )

    def test_of_the_path_are_shared_by_its_operations(self) -> None:
        path = {"get": make_spec(operationId="getThing"), "parameters": [PK]}
        contract = make_contract({"/things/{pk}/": {"get": path["get"]}})
        contract.document["paths"]["/things/{pk}/"] = path

        [operation] = compile_operations(contract)

        assert operation.parameters.read({"pk": "7"}, b"", {}) == {"pk": 7}

    def test_and_their_schemas_may_be_references(self) -> None:
        operation = make_operation(
            parameters=[{"$ref": "#/components/parameters/Page"}],
            components={
                "parameters": {"Page": PAGE},
                "schemas": {"Page": PAGE_SCHEMA, "Thing": {}, "Error": {}},
            },
        )

        assert operation.parameters.read({}, b"page=9", {}) == {"page": 9}

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"style": "simple"}, "the style simple is not one of a query parameter"),
            (
                {"schema": {"type": "array", "items": {"type": "object"}}},
                "arrays and objects within a parameter are not defined",
            ),
        ],
        ids=str,
    )
    def test_that_are_not_supported_name_their_place(
        self, change: dict[str, Any], reason: str
    ) -> None:
        page = PAGE | {"schema": PAGE_SCHEMA} | change

        assert fault(parameters=[page]) == f"{THINGS}/get/parameters/0: {reason}"

    def test_in_components_that_are_not_supported_name_the_component(self) -> None:
        shared = PAGE | {"schema": {"type": ["object", "string"]}}

        message = fault(
            parameters=[{"$ref": "#/components/parameters/Page"}],
            components={"parameters": {"Page": shared}},
        )

        assert message.startswith("things.yaml#/components/parameters/Page: an object can't be ")

    def test_may_contain_json(self) -> None:
        content = {"application/json": {"schema": {"type": "object", "required": ["a"]}}}
        page = {"name": "page", "in": "query", "content": content}
        parameters = make_operation(parameters=[page]).parameters

        assert parameters.read({}, b"page=%7B%22a%22:1%7D", {}) == {"page": {"a": 1}}
        for query in (b"page=%7B%7D", b"page=%7B"):
            with pytest.raises(InvalidInput):
                parameters.read({}, query, {})

    def test_in_another_media_type_name_their_place(self) -> None:
        page = {"name": "page", "in": "query", "content": {"text/csv": {}}}

        assert fault(parameters=[page]).startswith(f"{THINGS}/get/parameters/0: the content of")

    def test_of_an_operation_take_precedence_over_those_of_its_path(self) -> None:
        path = {"parameters": [PAGE | {"schema": {"type": "string"}}]}
        spec = make_spec(parameters=[PAGE | {"schema": PAGE_SCHEMA}])
        contract = make_contract({"/things/": {"get": spec}})
        contract.document["paths"]["/things/"] |= path

        [operation] = compile_operations(contract)

        assert operation.parameters.read({}, b"page=9", {}) == {"page": 9}

    @pytest.mark.parametrize("name", ["Accept", "content-type", "Authorization"])
    def test_that_openapi_ignores_are_ignored(self, name: str) -> None:
        header = {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}

        assert make_operation(parameters=[header]).parameters.read({}, b"", {}) == {}

    @pytest.mark.parametrize(
        ("path", "parameters", "described"),
        [("/things/{pk}/", [], "[]"), ("/things/", [PK], "['pk']")],
        ids=["not described", "not in the path"],
    )
    def test_of_the_path_must_be_those_of_its_template(
        self, path: str, parameters: list[Any], described: str
    ) -> None:
        assert fault(path, parameters=parameters).endswith(
            f"/get: describes {described} in its path"
        )


class TestBodies:
    def test_may_be_references(self) -> None:
        operation = make_operation(
            method="post",
            requestBody={"$ref": "#/components/requestBodies/Thing"},
            components={"requestBodies": {"Thing": has_json(THING)}},
        )

        assert operation.body is not None
        assert operation.body.read(sent(b'{"name": "cup"}')) == {"name": "cup"}
        assert operation.body.read(Content()) is None

    def test_may_have_an_inline_schema(self) -> None:
        operation = make_operation(method="post", requestBody=has_json({"type": "object"}))

        assert operation.body is not None
        assert operation.body.read(sent(b'{"extra": 1}')) == {"extra": 1}

    def test_need_an_existing_schema(self) -> None:
        missing_schema = {"$ref": "#/components/schemas/Missing"}

        message = fault(
            method="post", requestBody=has_json({"type": "array", "items": missing_schema})
        )

        place = f"{THINGS}/post/requestBody/content/application~1json/schema"
        assert message == f"{place}: Pointer '/components/schemas/Missing' does not exist"

    def test_need_a_supported_media_type(self) -> None:
        content = {"application/xml": {"schema": {"type": "object"}}}

        message = fault(method="post", requestBody={"content": content})

        place = f"{THINGS}/post/requestBody/content/application~1xml/schema"
        reason = "a schema for application/xml is not supported, since it is not decoded"
        assert message == f"{place}: {reason}"


class TestResponses:
    @pytest.mark.parametrize("responses", [{"200": has_json(THING)}, None])
    def test_need_a_500(self, responses: dict[str, Any] | None) -> None:
        spec = make_spec()
        spec["responses"] = responses
        if responses is None:
            del spec["responses"]

        with pytest.raises(ContractError) as error:
            compile_operations(make_contract({"/things/": {"get": spec}}))

        assert str(error.value) == (f"{THINGS}/get/responses: 500 is missing")

    def test_may_be_references(self) -> None:
        operation = make_operation(
            responses={"404": {"$ref": "#/components/responses/Missing"}},
            components={"responses": {"Missing": has_json({"type": "object"})}},
        )

        assert operation.responses.allows(404, "application/json")
