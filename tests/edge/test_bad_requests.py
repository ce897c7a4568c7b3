"""Every invalid request is refused as documented, without echo and without effect.

One server gets them all, each on a connection of its own and followed by a valid request.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from handlers.contract.document.bundle import load_contract
from tests.edge.bad_requests import BARE, EMPTY, NO_RESPONSE, ORDERS, BadRequest, get
from tests.edge.conftest import Running
from tests.edge.exchange import RawResponse
from tests.edge.inputs.bodies import BODIES
from tests.edge.inputs.contents import CONTENTS
from tests.edge.inputs.credentials import CREDENTIALS
from tests.edge.inputs.heads import HEADS
from tests.edge.inputs.queries import QUERIES
from tests.edge.inputs.wire import WIRE

GROUPS = {
    "wire": WIRE,
    "heads": HEADS,
    "contents": CONTENTS,
    "queries": QUERIES,
    "bodies": BODIES,
    "credentials": CREDENTIALS,
}
COMMON = {
    "x-request-id",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "content-security-policy",
}
_WORD = re.compile(rb"[A-Za-z0-9_%.+-]{5,}")


def _names(node: Any) -> Iterator[str]:
    """The names in the contract: paths, parameters, fields, media types."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield str(key)
        if key == "name":
            yield str(value)
        if isinstance(value, dict | list):
            yield from _names(value)


# Words of the API, which a response may contain.
PUBLIC = {
    *chain.from_iterable(_WORD.findall(name.encode()) for name in _names(load_contract().document)),
    *_WORD.findall(b"Accept Bearer Session Content-Type Connection close items orders login users"),
    *_WORD.findall(b"x-csrftoken prefetch"),
}


def foreign_words(sent: bytes) -> set[bytes]:
    """The words of a request that are not the API's own."""
    return set(_WORD.findall(sent)) - PUBLIC


def echoed(sent: bytes, response: RawResponse) -> set[bytes]:
    document = " ".join(response.headers.values()).encode("latin-1") + b" " + response.body
    return {word for word in foreign_words(sent) if word in document}


def is_error(document: Any, code: str) -> bool:
    """Whether the document has the shape of errors: nested texts by name, and a code."""
    if not isinstance(document, Mapping):
        return False
    codes = set(_codes(document))
    return (
        code in codes
        and len(document) > 1
        and all(_has_texts(value) for value in document.values())
    )


def _has_texts(document: Any) -> bool:
    if isinstance(document, Mapping):
        return bool(document) and all(_has_texts(value) for value in document.values())
    return isinstance(document, str) and bool(document)


def _codes(document: Mapping[str, Any]) -> Iterator[str]:
    for name, value in document.items():
        if name == "error_code":
            yield value
        elif isinstance(value, Mapping):
            yield from _codes(value)


def failures_of(bad_request: BadRequest, sent: bytes, response: RawResponse) -> Iterator[str]:
    """Yield what is wrong with a response."""
    if response.status != bad_request.status:
        yield f"{response.status}, not {bad_request.status}: {response.body[:200]!r}"
    elif bad_request.code in {BARE, NO_RESPONSE, EMPTY}:
        if response.body:
            yield f"a body: {response.body[:200]!r}"
    elif not is_error(response.json, bad_request.code):
        yield f"not {bad_request.code}: {response.body[:200]!r}"
    if bad_request.code not in {BARE, NO_RESPONSE}:
        yield from _lacking(response)
    if words := echoed(sent, response):
        yield f"echoes {words}"


def _lacking(response: RawResponse) -> Iterator[str]:
    if lacking := COMMON - response.headers.keys():
        yield f"lacks {lacking}"
    if response.headers.get("cache-control") != "no-store":
        yield "may be cached"
    if response.status == 405 and not response.headers.get("allow"):
        yield "lacks allow"


@pytest.mark.parametrize("group", GROUPS)
def test_bad_requests_are_refused_without_echo_and_without_effect(
    running: Running, group: str
) -> None:
    before, failures = running.digest(), []

    for bad_request in GROUPS[group]:
        sent = bad_request.rendered(running.values)
        response = running.send(sent, closes_sending=bad_request.closes_sending)
        failures += [
            f"{bad_request.name}: {failure}" for failure in failures_of(bad_request, sent, response)
        ]
        if not running.serves():
            failures.append(f"{bad_request.name}: the next request is not served")

    assert not failures, "\n".join(failures)
    assert running.digest() == before
    assert running.logged_errors() == []


def test_there_are_many_different_bad_requests() -> None:
    texts = [bad_request.text for group in GROUPS.values() for bad_request in group]

    assert len(texts) > 700
    assert len(set(texts)) == len(texts)


class TestFailures:
    """The checks detect wrong responses."""

    BAD = get(ORDERS + b"?search=some-value", 400, "invalid")
    RIGHT = RawResponse(
        400,
        dict.fromkeys(sorted(COMMON), "x") | {"cache-control": "no-store"},
        b'{"search": "This value is not valid.", "error_code": "invalid"}',
    )

    def test_are_empty_for_a_correct_response(self) -> None:
        assert list(failures_of(self.BAD, self.BAD.text, self.RIGHT)) == []

    @pytest.mark.parametrize(
        "change",
        [
            {"status": 500},
            {"status": 404},
            {"body": b""},
            {"body": b"<h1>Bad Request</h1>"},
            {"body": b'{"error_code": "invalid"}'},
            {"body": b'{"search": "No.", "error_code": "other"}'},
            {"body": b'{"search": [], "error_code": "invalid"}'},
            {"body": b'{"detail": "No some-value.", "error_code": "invalid"}'},
            {"headers": {"cache-control": "no-store"}},
            {"headers": dict.fromkeys(sorted(COMMON), "x")},
            {"headers": RIGHT.headers | {"x-other": "some-value"}},
        ],
        ids=str,
    )
    def test_are_detected(self, change: dict[str, Any]) -> None:
        response = replace(self.RIGHT, **change)

        assert list(failures_of(self.BAD, self.BAD.text, response))
