import json
from contextlib import suppress
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.http.strict_json import MAX_DEPTH, MAX_NODES, decode_json

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 10**19 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.sampled_from('a:"\\u0')), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_the_output_of_json_dumps_is_accepted(document: Any) -> None:
    for text in (json.dumps(document), json.dumps(document, ensure_ascii=False, indent=1)):
        assert decode_json(text.encode()) == document


@pytest.mark.parametrize(
    ("raw", "document"),
    [
        (b'{"a": ":", "b": "{:}"}', {"a": ":", "b": "{:}"}),
        (b'{"a": {"b": 1}, "b": {"a": "\\":\\""}}', {"a": {"b": 1}, "b": {"a": '":"'}}),
        (rb'{"a": "\\u0000"}', {"a": r"\u0000"}),
        (b"1e20", 1e20),
        (b"0.12345678901234567890123", 0.12345678901234567890123),
        (b"[1e-00000000000000000000001]", [0.1]),
        (b'{"a": "123456789012345678901", "b": 1.5}', {"a": "123456789012345678901", "b": 1.5}),
        (b"-9223372036854775808", -(2**63)),
        (b"9999999999999999999", 10**19 - 1),
        (b" [1]\r\n", [1]),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_unusual_but_valid_json_is_accepted(raw: bytes, document: Any) -> None:
    assert decode_json(raw) == document


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"null null",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"[1,]",
        b"{a: 1}",
        b"/**/1",
        b"01",
        b"+1",
        b".5",
        b"5.",
        b"0x10",
        b"NaN",
        b"-Infinity",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"1e400",
        b'"a\nb"',
        b'"\\x00"',
        b'"\xff"',
        b'"\xc0\xaf"',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'"\\udfff\\ud800"',
        b'{"\\udc00": 1}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"\x00{}",
        b"True",
    ],
    ids=lambda raw: repr(raw)[:30],
)
def test_invalid_json_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_json(raw)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a": 1, "a": 1}', "twice"),
        (b'{"a": 1, "\\u0061": 2}', "twice"),
        (b'[{"b": {"a": ":", "a": ":"}}]', "twice"),
        (b'{"a": 1.5, "a": 2}', "twice"),
        (b'{"": 1, "": 2}', "twice"),
        (b'"\\u0000"', "NUL"),
        (b'{"a": ["\\\\\\u0000"]}', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b"10000000000000000000", "integer"),
        (b"[-10000000000000000000]", "integer"),
        (b'{"a": 18446744073709551616}', "integer"),
        (b"9" * 5000, r"."),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "deeply"),
        (b'{"a":' * 32 + b"[]" + b"}" * 32, "deeply"),
        (b"[1," * 2000 + b"]" * 2000, r"."),
        (b"[" * 100_000, r"."),
        (b"[" + b"0," * (MAX_NODES - 1) + b"0]", "many"),
        (b"[" + b"{}," * 85_000 + b"{}]", "many"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_ambiguous_or_too_large_json_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode_json(raw)


def test_accepts_32_levels_and_10000_values() -> None:
    deep, wide = b"[" * MAX_DEPTH + b"0" + b"]" * MAX_DEPTH, b"[" + b"0," * (MAX_NODES - 2) + b"0]"

    assert decode_json(deep) == json.loads(deep)
    assert len(decode_json(wide)) == MAX_NODES - 1


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 128_000 + b"]" * 128_000,
        b"[" + b"[]," * 87_000 + b"[]]",
        b'["' + b'\\"' * 131_000 + b'", 1.5]',
        b'["' + b"\\\\u0000" * 37_000 + b'", 1.5]',
        b"[1.5," + b"0" + b"1" * 262_000 + b"]",
        b'{"a":"' + b":" * 262_000 + b'"}',
    ],
    ids=lambda raw: repr(raw)[:30],
)
def test_takes_linear_time_for_adversarial_documents(raw: bytes) -> None:
    """The shortest of three runs counts; a quadratic parser would take minutes."""
    durations = []
    for _ in range(3):
        began = perf_counter()
        with suppress(ValueError):
            decode_json(raw)
        durations.append(perf_counter() - began)

    assert min(durations) < 0.1
