"""Whether servers give the same JSON for the same request."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import orjson

from benchmarks.workloads import Workload

# What servers make up each for itself when a request is created.
MADE_UP = frozenset({"pk", "id", "uuid", "created_date", "modified_date"})


class NotTheSame(Exception):
    """A peer's answer differs, so that comparing its speed would say nothing."""


def differences(expected: Any, found: Any, place: str = "") -> Iterator[str]:
    """Where two JSON values differ, as JSON pointers with both values; numbers by value."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in sorted(expected.keys() | found.keys()):
            if name not in expected or name not in found:
                yield f"{place}/{name}: only one has it"
            else:
                yield from differences(expected[name], found[name], f"{place}/{name}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from differences(*pair, f"{place}/{index}")
    elif expected != found or isinstance(expected, bool) is not isinstance(found, bool):
        yield f"{place}: {_short(expected)} or {_short(found)}"


def without_what_is_made_up(record: Any) -> Any:
    """A created record without numbers and moments of its own."""
    return {name: value for name, value in record.items() if name not in MADE_UP}


def require_same(server: str, name: str, expected: Any, found: Any) -> None:
    """Raises NotTheSame, with the first differences."""
    first = list(differences(expected, found))[:5]
    if first:
        raise NotTheSame(f"{server}, {name}: " + "; ".join(first))


def fetch(base_url: str, workload: Workload) -> bytes:
    """The answer to a workload's (first) request; raises httpx.HTTPStatusError."""
    asked = workload.requests[0]
    method = "GET" if asked.body is None else "POST"
    with httpx.Client(base_url=base_url, timeout=60) as client:
        answer = client.request(method, asked.path, headers=dict(asked.headers), content=asked.body)
        return answer.raise_for_status().content


def parsed(body: bytes, *, is_record: bool) -> Any:
    """What is compared of an answer; URLs have their parameters in any order."""
    value = orjson.loads(body)
    for name in ("next", "previous"):
        if isinstance(value.get(name), str):
            parts = urlsplit(value[name])
            value[name] = [parts.netloc, parts.path, sorted(parse_qsl(parts.query))]
    return without_what_is_made_up(value) if is_record else value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
