"""Compares the JSON of servers for the same request."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import orjson

from benchmarks.workloads import Workload

# Fields whose values each server generates when a request is created.
GENERATED = frozenset({"pk", "id", "uuid", "created_date", "modified_date"})


class ResponsesDiffer(Exception):
    """A peer's response differs, so that its speed can't be compared."""


def differences(expected: Any, actual: Any, place: str = "") -> Iterator[str]:
    """Yield a JSON pointer and both values for each difference; numbers compare by value."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in sorted(expected.keys() | actual.keys()):
            if name not in expected or name not in actual:
                yield f"{place}/{name}: only one has it"
            else:
                yield from differences(expected[name], actual[name], f"{place}/{name}")
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, pair in enumerate(zip(expected, actual, strict=True)):
            yield from differences(*pair, f"{place}/{index}")
    elif expected != actual or isinstance(expected, bool) is not isinstance(actual, bool):
        yield f"{place}: {_short(expected)} or {_short(actual)}"


def without_generated_fields(record: Any) -> Any:
    """A created record without generated ids and times."""
    return {name: value for name, value in record.items() if name not in GENERATED}


def require_equal(server: str, name: str, expected: Any, actual: Any) -> None:
    """Raise ResponsesDiffer with the first differences."""
    first = list(differences(expected, actual))[:5]
    if first:
        raise ResponsesDiffer(f"{server}, {name}: " + "; ".join(first))


def fetch(base_url: str, workload: Workload) -> bytes:
    """The body of the response to a workload's first request; raises httpx.HTTPStatusError."""
    request = workload.requests[0]
    method = "GET" if request.body is None else "POST"
    with httpx.Client(base_url=base_url, timeout=60) as client:
        response = client.request(
            method, request.path, headers=dict(request.headers), content=request.body
        )
        return response.raise_for_status().content


def parsed(body: bytes, *, is_record: bool) -> Any:
    """The comparable content of a response; URLs may have their parameters in any order."""
    value = orjson.loads(body)
    for name in ("next", "previous"):
        if isinstance(value.get(name), str):
            parts = urlsplit(value[name])
            value[name] = [parts.netloc, parts.path, sorted(parse_qsl(parts.query))]
    return without_generated_fields(value) if is_record else value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
