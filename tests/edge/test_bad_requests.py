"""Every request that nobody should send: refused as documented, without echo and without effect.

One server has them all, each on a connection of its own, followed by a good one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from handlers.contract.document.bundle import load_contract
from tests.edge.bad import BARE, EMPTY, ORDERS, SILENT, Bad, get
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
    """What the contract calls things: paths, parameters, fields, media types."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield str(key)
        if key == "name":
            yield str(value)
        if isinstance(value, dict | list):
            yield from _names(value)


# Of ours, whoever says them first.
PUBLIC = {
    *chain.from_iterable(_WORD.findall(name.encode()) for name in _names(load_contract().document)),
    *_WORD.findall(b"Accept Bearer Session Content-Type Connection close items orders login users"),
    *_WORD.findall(b"x-csrftoken prefetch"),
}


def foreign_words(sent: bytes) -> set[bytes]:
    """What only the request says, be it a value or a part of one."""
    return set(_WORD.findall(sent)) - PUBLIC


def echoed(sent: bytes, response: RawResponse) -> set[bytes]:
    told = " ".join(response.headers.values()).encode("latin-1") + b" " + response.body
    return {word for word in foreign_words(sent) if word in told}


def is_error(told: Any, code: str) -> bool:
    """Whether it has the one shape: texts by name, nested where the request is, and a code."""
    if not isinstance(told, Mapping):
        return False
    codes = set(_codes(told))
    return code in codes and len(told) > 1 and all(_is_told(each) for each in told.values())


def _is_told(told: Any) -> bool:
    if isinstance(told, Mapping):
        return bool(told) and all(_is_told(each) for each in told.values())
    return isinstance(told, str) and bool(told)


def _codes(told: Mapping[str, Any]) -> Iterator[str]:
    for name, each in told.items():
        if name == "error_code":
            yield each
        elif isinstance(each, Mapping):
            yield from _codes(each)


def faults_of(bad: Bad, sent: bytes, response: RawResponse) -> Iterator[str]:
    """What is wrong with an answer."""
    if response.status != bad.status:
        yield f"{response.status}, not {bad.status}: {response.body[:200]!r}"
    elif bad.code in {BARE, SILENT, EMPTY}:
        if response.body:
            yield f"a body: {response.body[:200]!r}"
    elif not is_error(response.json, bad.code):
        yield f"not {bad.code}: {response.body[:200]!r}"
    if bad.code not in {BARE, SILENT}:
        yield from _lacking(response)
    if found := echoed(sent, response):
        yield f"echoes {found}"


def _lacking(response: RawResponse) -> Iterator[str]:
    if lacking := COMMON - response.headers.keys():
        yield f"lacks {lacking}"
    if response.headers.get("cache-control") != "no-store":
        yield "may be kept"
    if response.status == 405 and not response.headers.get("allow"):
        yield "allows nothing"


@pytest.mark.parametrize("group", GROUPS)
def test_are_refused_without_echo_and_without_effect(running: Running, group: str) -> None:
    before, faults = running.digest(), []

    for bad in GROUPS[group]:
        sent = bad.rendered(running.values)
        response = running.ask(sent, ends=bad.ends)
        faults += [f"{bad.name}: {fault}" for fault in faults_of(bad, sent, response)]
        if not running.serves():
            faults.append(f"{bad.name}: the next request is not served")

    assert not faults, "\n".join(faults)
    assert running.digest() == before
    assert running.complaints() == []


def test_are_many_and_all_different() -> None:
    texts = [bad.text for group in GROUPS.values() for bad in group]

    assert len(texts) > 700
    assert len(set(texts)) == len(texts)


class TestFaults:
    """The checks themselves notice what they are there for."""

    BAD = get(ORDERS + b"?search=some-value", 400, "invalid")
    RIGHT = RawResponse(
        400,
        dict.fromkeys(sorted(COMMON), "x") | {"cache-control": "no-store"},
        b'{"search": "This value is not valid.", "error_code": "invalid"}',
    )

    def test_are_none_where_there_are_none(self) -> None:
        assert list(faults_of(self.BAD, self.BAD.text, self.RIGHT)) == []

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
    def test_are_told(self, change: dict[str, Any]) -> None:
        response = replace(self.RIGHT, **change)

        assert list(faults_of(self.BAD, self.BAD.text, response))
