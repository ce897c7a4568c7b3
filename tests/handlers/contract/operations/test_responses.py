from typing import Any
from uuid import uuid4

import orjson
import pytest
from flask import Response
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from handlers.contract.operations.responses import Document, DocumentList, Reply, Responses
from handlers.contract.operations.violations import ContractViolation, ResponseValidation
from tests.support.small_contracts import THING, has_json, make_operation

JSON = "application/json"
HTML = "text/html"
PAGE = {"description": "A page.", "content": {HTML: {"schema": {"type": "string"}}}}
LISTED = {
    "type": "object",
    "required": ["count"],
    "properties": {
        "count": {"type": "integer"},
        "next": {"type": ["string", "null"]},
        "results": {"type": "array", "items": THING},
    },
}
ENVELOPE = {"count": 2, "next": None}
# Not in the format of orjson, so that any parsing would be detected.
BODY = b'{ "name" :"\\u0063up"}'


def make_responses(
    ok: dict[str, Any] | None = None,
    validation: ResponseValidation = ResponseValidation.ENFORCE,
    **others: Any,
) -> Responses:
    responses = {status.removeprefix("_"): response for status, response in others.items()}
    if ok is not None:
        responses["200"] = ok
    return make_operation(validation=validation, responses=responses).responses


def make_document_responses(**options: Any) -> Responses:
    content = {JSON: {"schema": THING}, HTML: {"schema": {"type": "string"}}}
    return make_responses({"description": "A thing.", "content": content}, **options)


def make_redirecting_responses() -> Responses:
    return make_responses(_303={"description": "Go on."}, _400=PAGE)


def report(responses: Responses, answer: str, *arguments: Any) -> tuple[Response, list[str]]:
    """The response, which is sent nevertheless, and the logged reasons."""
    with capture_logs() as lines:
        response: Response = getattr(responses, answer)(*arguments)
    return response, [line["reason"] for line in lines]


class TestDocument:
    def test_is_sent_as_the_stored_bytes(self) -> None:
        response = make_document_responses().document(Document("Thing", BODY), JSON)

        assert (response.status_code, response.content_type) == (200, JSON)
        assert response.get_data() == BODY

    def test_is_wrapped_for_a_browser(self) -> None:
        response = make_document_responses().document(Document("Thing", BODY), HTML)

        assert response.content_type == "text/html; charset=utf-8"
        assert response.get_data() == b'{"data": %b}' % BODY

    def test_can_not_inject_markup(self) -> None:
        name = "</script><script>alert('&amp;')</script>"
        document = Document("Thing", orjson.dumps({"name": name}))

        page = make_document_responses().document(document, HTML).get_data()

        assert not set(b"<>&") & set(page)
        assert orjson.loads(page) == {"data": {"name": name}}

    @pytest.mark.no_cover  # the same lines, a hundred times
    @given(
        st.recursive(
            st.none() | st.booleans() | st.text() | st.integers(-(2**53), 2**53),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_has_the_same_content_for_a_browser(self, data: Any) -> None:
        document = Document("Thing", orjson.dumps(data))

        page = make_document_responses().document(document, HTML).get_data()

        assert not set(b"<>&") & set(page)
        assert orjson.loads(page) == {"data": data}

    def test_of_another_component_breaks_the_contract(self) -> None:
        with pytest.raises(ContractViolation, match=r"^/ is a Other, not a Thing$"):
            make_document_responses().document(Document("Other", BODY), JSON)

    def test_in_an_undeclared_media_type_breaks_the_contract(self) -> None:
        with pytest.raises(ContractViolation, match=r"^status 200 has no text/html$"):
            make_responses(has_json(THING)).document(Document("Thing", BODY), HTML)


class TestDocumentList:
    def test_joins_the_stored_bytes(self) -> None:
        listed = DocumentList("Thing", ENVELOPE, [BODY, b'{"name":"\xc5\x9f"}'])

        response = make_responses(has_json(LISTED)).document_list(listed)

        assert response.content_type == JSON
        assert response.get_data() == (
            b'{"count":2,"next":null,"results":[{ "name" :"\\u0063up"},{"name":"\xc5\x9f"}]}'
        )

    def test_of_nothing_is_an_empty_list(self) -> None:
        listed = DocumentList("Thing", ENVELOPE, [])

        response = make_responses(has_json(LISTED)).document_list(listed)

        assert orjson.loads(response.get_data()) == {"count": 2, "next": None, "results": []}

    @pytest.mark.parametrize(
        ("envelope", "reason"),
        [({}, "/ fails required"), ({"count": 1, "next": 5}, "/next fails type")],
    )
    def test_in_an_invalid_envelope_breaks_the_contract(
        self, envelope: dict[str, Any], reason: str
    ) -> None:
        with pytest.raises(ContractViolation, match=f"^{reason}$"):
            make_responses(has_json(LISTED)).document_list(DocumentList("Thing", envelope, []))

    @pytest.mark.parametrize(
        ("schema", "reason"),
        [
            (LISTED, "/results holds Other, not Thing"),
            (THING, "/results holds Other, not None"),
        ],
        ids=["list of another", "no list"],
    )
    def test_of_another_component_breaks_the_contract(
        self, schema: dict[str, Any], reason: str
    ) -> None:
        with pytest.raises(ContractViolation, match=f"^{reason}$"):
            make_responses(has_json(schema)).document_list(DocumentList("Other", ENVELOPE, []))


class TestReply:
    def test_is_json_with_its_status_and_headers(self) -> None:
        responses = make_responses(_201=has_json(THING))

        response = responses.reply(Reply(201, {"name": "cup"}, {"Retry-After": "1"}))

        assert (response.status_code, response.content_type) == (201, JSON)
        assert response.get_data() == b'{"name":"cup"}'
        assert response.headers["Retry-After"] == "1"

    def test_without_a_body_is_empty(self) -> None:
        response = make_responses(_204={"description": "Done."}).reply(Reply(204))

        assert (response.status_code, response.get_data()) == (204, b"")
        assert "Content-Type" not in response.headers

    @pytest.mark.parametrize(
        ("reply", "reason"),
        [
            (Reply(200, {}), "/ fails required"),
            (Reply(200, {"name": "secret", "size": "secret"}), "/size fails type"),
            (Reply(200, []), "/ fails type"),
            (Reply(200), "status 200 has no empty body"),
            (Reply(201, {"name": "cup"}), "status 201 is not in the contract"),
            (Reply(204, {"name": "cup"}), "status 204 has no application/json"),
            (Reply(205), "status 205 is not in the contract"),
            (Reply(203, {"name": "cup"}), "status 203 has no application/json"),
        ],
        ids=str,
    )
    def test_outside_the_contract_breaks_it(self, reply: Reply, reason: str) -> None:
        responses = make_responses(_204={"description": "Done."}, _203=PAGE)

        with pytest.raises(ContractViolation, match=f"^{reason}$"):
            responses.reply(reply)


class TestCheck:
    @pytest.mark.parametrize(
        "response",
        [
            Response(BODY, content_type=JSON),
            Response(BODY, content_type="application/json; charset=utf-8"),
            Response("<p>", 400, content_type=HTML),
            Response(status=303, headers={"Location": "/docs"}),
        ],
        ids=["json", "json with charset", "page", "redirect"],
    )
    def test_accepts_responses_of_the_contract(self, response: Response) -> None:
        assert make_redirecting_responses().check(response) is response

    def test_accepts_a_file_without_reading_it(self) -> None:
        opened = iter([b"body"])
        response = Response(opened, content_type="text/css", direct_passthrough=True)
        content = {"content": {"text/css": {}}, "description": "A file."}

        assert make_responses(content).check(response).response is opened

    @pytest.mark.parametrize(
        ("response", "reason"),
        [
            (Response("<p>", content_type=HTML), "status 200 has no text/html"),
            (Response(b"{}", content_type=JSON), "/ fails required"),
            (Response(b"{}", 400, content_type=JSON), "status 400 has no application/json"),
            (Response(b"<p>", 303), "status 303 has no text/html"),
            (Response(b"", content_type=JSON), "status 200 has no empty body"),
            (Response(status=302), "status 302 is not in the contract"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_refuses_other_responses(self, response: Response, reason: str) -> None:
        with pytest.raises(ContractViolation, match=f"^{reason}$"):
            make_redirecting_responses().check(response)


class TestReportMode:
    @pytest.mark.parametrize(
        ("answer", "given", "reasons"),
        [
            ("reply", Reply(200, {"name": 5}), ["/name fails type"]),
            ("reply", Reply(404, {"name": "x"}), ["status 404 is not in the contract"]),
            ("check", Response("x", content_type=HTML), ["status 200 has no text/html"]),
            (
                "document_list",
                DocumentList("Other", {"name": 5}, [BODY]),
                ["/results holds Other, not None", "/name fails type"],
            ),
        ],
        ids=["body", "status", "media type", "list"],
    )
    def test_sends_the_response_and_logs_every_reason_once(
        self, answer: str, given: Any, reasons: list[str]
    ) -> None:
        responses = make_responses(validation=ResponseValidation.REPORT)

        response, reasons_reported = report(responses, answer, given)

        assert response.get_data()
        assert reasons_reported == reasons

    def test_sends_a_document_of_another_component(self) -> None:
        responses = make_document_responses(validation=ResponseValidation.REPORT)

        response, reasons_reported = report(responses, "document", Document("Other", BODY), JSON)

        assert (response.get_data(), reasons_reported) == (BODY, ["/ is a Other, not a Thing"])

    def test_logs_no_value(self) -> None:
        secret = str(uuid4())
        responses = make_responses(validation=ResponseValidation.REPORT)

        with capture_logs() as lines:
            responses.reply(Reply(200, {"name": "cup", "size": secret}))

        assert secret not in str(lines)


class TestOffered:
    def test_has_json_first_and_all_successes(self) -> None:
        content: dict[str, Any] = {HTML: {}, JSON: {}, "text/csv": {}}
        responses = make_responses({"description": "", "content": content}, _404=PAGE)

        assert responses.offered == (JSON, HTML, "text/csv")

    def test_does_not_include_errors(self) -> None:
        assert make_responses(_400=PAGE, _302=PAGE).offered == (JSON,)

    def test_is_empty_without_content(self) -> None:
        assert make_responses({"description": "Done."}).offered == ()


def test_allows_only_the_statuses_and_media_types_of_the_contract() -> None:
    responses = make_responses(_403=PAGE)

    assert responses.allows(403, HTML)
    assert not responses.allows(403, JSON)
    assert not responses.allows(404, JSON)
