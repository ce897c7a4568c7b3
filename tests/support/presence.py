"""Counts which properties the responses of a test run have, for `tests.promises` to check.

A run counts where WAYBILL_TEST_PRESENCE names a folder. Each process writes a file of its own
there at its end; sums of files do not depend on the order of the tests.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from handlers.contract.document.bundle import load_contract
from tests.support.exchange_validator import declared_response, template_of

FOLDER = os.environ.get("WAYBILL_TEST_PRESENCE", "")
JSON = "application/json"
_TESTS = Path(__file__).parents[1]
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "null": type(None),
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


@dataclass
class Presence:
    """How often objects of a schema occurred, and how often they had each of its properties.

    The key of a schema is its place: the name of its component, and the path from there. ``seen``
    counts objects by place, ``present`` properties by `place/name`.
    """

    seen: Counter[str] = field(default_factory=Counter)
    present: Counter[str] = field(default_factory=Counter)


class Collector:
    """Traverses responses together with their schemas."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.presence = Presence()

    def check(self, request: httpx.Request, response: httpx.Response) -> None:
        """A `tests.support.application.Check` that counts properties and always passes."""
        path, kind = request.url.path, response.headers.get("content-type", "")
        self.count(request.method, path, response.status_code, kind, response.content)

    def count(self, method: str, path: str, status: int, kind: str, content: bytes) -> None:
        """Count a response; ignore other media types than JSON and undocumented responses.

        ``path`` may be a template.
        """
        if kind.partition(";")[0] != JSON or not content:
            return
        template = template_of(self._document, path)
        try:
            declared = declared_response(self._document, method, template, status)
        except KeyError:
            return
        media = (declared or {}).get("content", {}).get(JSON)
        if media:
            self._visit(
                media["schema"], json.loads(content), f"{method.upper()} {template} {status}"
            )

    def _visit(self, schema: Any, value: Any, place: str) -> None:
        schema, place = resolved(self._document, schema, place)
        for at, part in parts_of(schema):
            if fits(resolved(self._document, part, "")[0], value):
                self._visit(part, value, place + at)
        if isinstance(value, list):
            for item in value:
                self._visit(schema.get("items", {}), item, f"{place}/items")
        if isinstance(value, dict):
            self._visit_object(schema, value, place)

    def _visit_object(self, schema: Mapping[str, Any], value: dict[str, Any], place: str) -> None:
        properties = schema.get("properties", {})
        if properties:
            self.presence.seen[place] += 1
        for name, property_value in value.items():
            if name in properties:
                self.presence.present[f"{place}/{name}"] += 1
            known = properties.get(name, schema.get("additionalProperties", {}))
            self._visit(known, property_value, f"{place}/{name if name in properties else '*'}")


def resolved(document: Mapping[str, Any], schema: Any, place: str) -> tuple[dict[str, Any], str]:
    """The schema that a reference leads to, and its place; the schema itself without one."""
    while isinstance(schema, dict) and "$ref" in schema:
        place = schema["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][place]
    return (schema if isinstance(schema, dict) else {}), place


def parts_of(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The subschemas that apply to the same value, with the path to each."""
    for keyword in ("allOf", "anyOf", "oneOf"):
        for at, part in enumerate(schema.get(keyword, ())):
            yield f"/{keyword}/{at}", part


def fits(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether the value has a type of the schema."""
    declared_types = schema.get("type", list(_TYPES))
    types = [declared_types] if isinstance(declared_types, str) else declared_types
    return any(isinstance(value, _TYPES[name]) for name in types)


def digest_of(document: Mapping[str, Any]) -> str:
    """A digest that identifies the contract of a run."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


@cache
def collector() -> Collector:
    """The collector of this process."""
    return Collector(load_contract().document)


class Recording:
    """A pytest plugin that records which files ran, and whether tests were deselected."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.deselected = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self.files.add(item.path.relative_to(_TESTS).as_posix())

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self.deselected += len(items)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not self.files:  # the controller of pytest-xdist
            return
        presence = collector().presence
        worker = getattr(session.config, "workerinput", {}).get("workerid", "main")
        report = {
            "digest": digest_of(load_contract().document),
            "files": sorted(self.files),
            "deselected": self.deselected,
            "seen": presence.seen,
            "present": presence.present,
        }
        (Path(FOLDER) / f"{worker}.json").write_text(json.dumps(report), "utf-8")


def pytest_configure(config: pytest.Config) -> None:
    if not FOLDER:
        return
    config.pluginmanager.register(Recording())
    if not hasattr(config, "workerinput"):
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        for file in Path(FOLDER).glob("*.json"):
            file.unlink()
