from collections.abc import Callable
from typing import Any

import flask
import orjson
import pytest
from flask import Response
from structlog.testing import capture_logs

from domain.shared.errors import Forbidden, NotAuthenticated, NotFound, Refusal
from handlers.contract.asgi.operation_view import OperationView
from handlers.contract.asgi.prefetch import Run, pending_read, prefetched
from handlers.contract.operations.operations import Operation
from handlers.contract.operations.responses import Document, DocumentList, Reply
from handlers.web.error_responses import error_body, status_of
from tests.support.guard_requests import passed_on
from tests.support.small_contracts import ERROR, THING, has_json, make_operation

JSON = "application/json"
PK = {"name": "pk", "in": "path", "required": True, "schema": {"type": "integer"}}
PAGE = {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}}
LANGUAGE = {"name": "Accept-Language", "in": "header", "schema": {"type": "string", "maxLength": 5}}
STATUSES = ("401", "403", "404", "406", "415")
THING_OR_PAGE = {"description": "", "content": {JSON: {"schema": THING}, "text/html": {}}}
LISTED = has_json({"properties": {"results": {"items": THING}}})
WRONG: dict[str, Any] = {
    "pk": "x",
    "accept": "text/csv",
    "content_type": "text/csv",
    "page": "0",
    "raw": b"{",
}
BROKEN = {"detail": "Internal server error.", "error_code": "internal_error"}


def make_put_thing(**overrides: Any) -> Operation:
    """An operation with all parts that can be invalid."""
    values: dict[str, Any] = {
        "path": "/things/{pk}/",
        "method": "put",
        "parameters": [PK, PAGE, LANGUAGE],
        "requestBody": has_json(THING) | {"required": True},
        "responses": {status: has_json(ERROR) for status in STATUSES},
    }
    return make_operation(**values | overrides)


def make_get_thing(**overrides: Any) -> Operation:
    return make_operation("/things/{pk}/", parameters=[PK, PAGE], **overrides)


def refuse(_operation: Operation, refusal: Refusal) -> Reply:
    return Reply(status_of(refusal), error_body(refusal, "en-us"))


def answer(result: object) -> Callable[..., object]:
    return lambda **_values: result


def fail(error: Exception) -> Callable[..., Any]:
    def failing(*_arguments: object, **_values: object) -> Any:
        raise error

    return failing


def make_view(
    operation: Operation,
    handler: Callable[..., object] = answer({"name": "cup"}),  # noqa: B008 - never changed
    authenticate: Callable[[Operation], None] = lambda _operation: None,
    refuse: Callable[[Operation, Refusal], Any] = refuse,
) -> OperationView:
    return OperationView(operation, handler, authenticate, refuse)


def ask(
    view: OperationView, pk: str = "7", data: bytes = b"", content_type: str = "", **request: Any
) -> Response:
    request["environ_overrides"] = {"asgi.scope": passed_on(data, content_type)}
    with flask.Flask("handlers").test_request_context(
        "/things/", content_type=content_type, **request
    ):
        return view(pk=pk)


def answer_of(response: Response) -> tuple[int, Any]:
    return response.status_code, orjson.loads(response.get_data())


def put(view: OperationView, pk: str = "7", **changes: Any) -> Response:
    """A valid request with these changes."""
    parts: dict[str, Any] = {
        "accept": JSON,
        "content_type": JSON,
        "page": "1",
        "raw": b'{"name": "jug"}',
    }
    parts |= changes
    headers = {
        "Accept": parts["accept"],
        "Accept-Language": parts.get("language", "tr"),
    }
    return ask(
        view,
        pk,
        method="PUT",
        headers=headers,
        query_string={"page": parts["page"]},
        content_type=parts["content_type"],
        data=parts["raw"],
    )


class TestOrderOfChecks:
    @pytest.mark.parametrize(
        ("right", "status", "code"),
        [
            ([], 406, "not_acceptable"),
            (["accept"], 415, "unsupported_media_type"),
            (["accept", "content_type"], 400, "malformed_body"),
            (["accept", "content_type", "raw"], 400, "invalid"),
            (["accept", "content_type", "raw", "page"], 404, "not_found"),
        ],
        ids=lambda value: "+".join(value) if isinstance(value, list) else None,
    )
    def test_reports_the_first_fault(self, right: list[str], status: int, code: str) -> None:
        faults = {name: value for name, value in WRONG.items() if name not in right}

        response = put(make_view(make_put_thing(), fail(AssertionError())), **faults)

        assert (response.status_code, answer_of(response)[1]["error_code"]) == (status, code)

    @pytest.mark.parametrize(("refusal", "status"), [(NotAuthenticated(), 401), (Forbidden(), 403)])
    def test_authenticates_first(self, refusal: Refusal, status: int) -> None:
        view = make_view(make_put_thing(), fail(AssertionError()), authenticate=fail(refusal))

        assert put(view, **WRONG).status_code == status

    def test_passes_the_operation_to_authenticate(self) -> None:
        operation = make_put_thing()
        authenticated: list[Operation] = []

        put(make_view(operation, authenticate=authenticated.append))

        assert authenticated == [operation]


class TestPrefetched:
    """Parameters are read before authentication; other callers do not see the result."""

    @staticmethod
    @prefetched
    def handle(**values: object) -> object:
        return {"name": f"cup {values['pk']}"}

    def test_authenticate_can_run_the_handler_with_its_values(self) -> None:
        runs: list[Run | None] = []
        view = make_view(make_get_thing(), self.handle, lambda _: runs.append(pending_read()))

        response = ask(view)

        [run] = runs
        assert run is not None
        assert run() == response.get_json() == {"name": "cup 7"}

    def test_authenticate_can_not_run_other_handlers(self) -> None:
        runs: list[Run | None] = []

        ask(make_view(make_get_thing(), authenticate=lambda _: runs.append(pending_read())))

        assert runs == [None]

    @pytest.mark.parametrize(
        "wrong", [{"pk": "seven"}, {"headers": {"Accept": "text/csv"}}], ids=["path", "accept"]
    )
    def test_unauthenticated_callers_do_not_learn_of_other_faults(
        self, wrong: dict[str, Any]
    ) -> None:
        responses = {status: has_json(ERROR) for status in ("401", "404", "406")}
        operation = make_get_thing(responses=responses)
        refused = make_view(operation, self.handle, fail(NotAuthenticated()))
        authenticated = make_view(operation, self.handle)

        assert ask(refused, **wrong).status_code == 401
        assert ask(authenticated, **wrong).status_code in (404, 406)


class TestAnswer:
    def test_passes_every_value_to_the_handler(self) -> None:
        seen: list[dict[str, Any]] = []
        view = make_view(make_put_thing(), lambda **values: seen.append(values))

        ask(
            view,
            method="PUT",
            query_string="page=2&x=1",
            data=b'{"name": "jug", "x": 1}',
            content_type=JSON,
        )

        assert seen == [{"pk": 7, "page": 2, "body": {"name": "jug"}}]

    @pytest.mark.parametrize(
        ("raw", "content_type"), [(b'{"name": "jug"}', ""), (b"", ""), (b"", "text/plain")]
    )
    def test_needs_a_media_type_for_its_body(self, raw: bytes, content_type: str) -> None:
        response = put(make_view(make_put_thing()), raw=raw, content_type=content_type)

        assert answer_of(response)[0] == 415

    def test_passes_an_empty_optional_body_as_none(self) -> None:
        seen: list[Any] = []
        operation = make_put_thing(requestBody=has_json(THING))

        put(make_view(operation, lambda body, **_: seen.append(body)), raw=b"", content_type="")

        assert seen == [None]

    def test_validates_headers(self) -> None:
        response = put(make_view(make_put_thing()), language="tr-tr,en")

        assert answer_of(response) == (
            400,
            {
                "Accept-Language": "Must be at most 5 characters long.",
                "error_code": "invalid",
            },
        )

    def test_ignores_a_body_that_the_operation_does_not_have(self) -> None:
        view = make_view(make_get_thing())

        assert ask(view, data=b"{", content_type="text/csv").status_code == 200

    def test_ignores_accept_for_responses_without_content(self) -> None:
        spec = {"200": {"description": "Done."}}
        view = make_view(make_get_thing(responses=spec), answer(Reply(200)))

        assert ask(view, headers={"Accept": "text/csv"}).status_code == 200


class TestJsonOnly:
    @pytest.fixture
    def view(self) -> OperationView:
        """The view of an operation without bodies of requests and responses."""
        responses = {
            "204": {"description": "Done."},
            "406": has_json(ERROR),
            "415": has_json(ERROR),
        }
        return make_view(
            make_get_thing(**{"x-requires-json": True}, responses=responses), answer(Reply(204))
        )

    @pytest.mark.parametrize("accept", ["text/html", "text/csv", "application/json;q=0"])
    def test_needs_a_client_that_accepts_json(self, view: OperationView, accept: str) -> None:
        assert ask(view, headers={"Accept": accept}, content_type="").status_code == 406

    @pytest.mark.parametrize("content_type", ["text/csv", ""])
    def test_needs_a_content_type_without_a_body(
        self, view: OperationView, content_type: str
    ) -> None:
        response = ask(view, pk="x", content_type=content_type, query_string={"page": "0"})

        assert response.status_code == 415

    def test_succeeds_for_json_clients(self, view: OperationView) -> None:
        assert ask(view, content_type="Application/JSON").status_code == 204


class TestPrefetch:
    ACTS = make_get_thing(responses={"403": has_json(ERROR)}, **{"x-acts-on-get": True})

    def test_of_an_operation_that_acts_is_refused_first(self) -> None:
        view = make_view(self.ACTS, fail(AssertionError()), authenticate=fail(AssertionError()))

        response = ask(view, headers={"Sec-Purpose": "prefetch;prerender"})

        assert answer_of(response) == (
            403,
            {
                "detail": "This link must not be fetched in advance.",
                "error_code": "prefetch_refused",
            },
        )

    def test_does_not_affect_later_requests(self) -> None:
        assert ask(make_view(self.ACTS)).status_code == 200

    def test_of_an_operation_that_does_not_act_succeeds(self) -> None:
        response = ask(make_view(make_get_thing()), headers={"Sec-Purpose": "prefetch"})

        assert response.status_code == 200


class TestResults:
    @pytest.mark.parametrize(
        ("ok", "result", "shown"),
        [
            (THING_OR_PAGE, {"name": "cup"}, b'{"name":"cup"}'),
            (THING_OR_PAGE, Reply(200, {"name": "cup"}), b'{"name":"cup"}'),
            (THING_OR_PAGE, Document("Thing", b'{"name": ""}'), b'{"data": {"name": ""}}'),
            (LISTED, DocumentList("Thing", {}, [b"1", b"2"]), b'{"results":[1,2]}'),
            (THING_OR_PAGE, Response("<p>", content_type="text/html"), b"<p>"),
        ],
        ids=["data", "reply", "document", "list", "response"],
    )
    def test_of_every_kind_become_responses(
        self, ok: dict[str, Any], result: object, shown: bytes
    ) -> None:
        view = make_view(make_get_thing(responses={"200": ok}), answer(result))

        response = ask(view, headers={"Accept": "text/html"})

        assert (response.status_code, response.get_data()) == (200, shown)


class TestFailures:
    def test_that_are_refusals_have_their_response(self) -> None:
        view = make_view(make_put_thing(), fail(NotFound()))

        assert answer_of(put(view)) == (404, {"detail": "Not found.", "error_code": "not_found"})

    @pytest.mark.parametrize(
        "result",
        [{}, None, {"name": 5}, Reply(299, {"name": "cup"}), Document("Other", b"{}")],
        ids=str,
    )
    def test_by_contract_violations_get_500(self, result: object) -> None:
        with capture_logs() as lines:
            response = put(make_view(make_put_thing(), answer(result)))

        assert answer_of(response) == (500, BROKEN)
        assert [line["event"] for line in lines] == ["contract_violation"]

    def test_by_exceptions_are_logged_and_get_500(self) -> None:
        with capture_logs() as lines:
            response = put(make_view(make_put_thing(), fail(ZeroDivisionError("secret"))))

        assert answer_of(response) == (500, BROKEN)
        [line] = lines
        assert (line["event"], line["operation_id"]) == ("unhandled_error", "getThing")
        assert line["exc_info"]

    @pytest.mark.parametrize("faulty", ["authenticate", "handler", "refuse"])
    def test_of_all_parts_get_500(self, faulty: str) -> None:
        parts: dict[str, Any] = {"handler": fail(NotFound()), "refuse": _refuse_but_not_found}
        parts[faulty] = parts[faulty] if faulty == "refuse" else fail(KeyError())

        with capture_logs() as lines:
            response = put(make_view(make_put_thing(), **parts))

        assert answer_of(response) == (500, BROKEN)
        assert [line["event"] for line in lines] == ["unhandled_error"]

    def test_with_a_status_outside_the_contract_get_500(self) -> None:
        with capture_logs() as lines:
            response = ask(make_view(make_get_thing(), fail(NotFound())))

        assert answer_of(response) == (500, BROKEN)
        assert [line["reason"] for line in lines] == ["status 404 is not in the contract"]

    def test_of_input_never_echo_it(self) -> None:
        response = put(make_view(make_put_thing()), raw=b'{"name": ["elif@example.com"]}')

        assert answer_of(response) == (
            400,
            {"name": "A valid string is required.", "error_code": "invalid"},
        )


def _refuse_but_not_found(operation: Operation, refusal: Refusal) -> Reply:
    if isinstance(refusal, NotFound):
        raise KeyError
    return refuse(operation, refusal)
