"""Deprecations as headers of responses (RFC 9745, RFC 8594).

In the contract, an operation or parameter has `deprecated: true`, `x-deprecated-since` with the
first day, and `x-sunset` with the day from which it may be removed; OpenAPI has no keyword for
these days. Responses have the headers of the parameters that the request uses.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from wsgiref.handlers import format_date_time

from flask import Request, Response, request

from handlers.contract.document.bundle import Contract, ContractError
from handlers.contract.document.validators import pointer_to
from handlers.contract.operations.operations import Operation

DEPRECATION = "Deprecation"
SUNSET = "Sunset"
_SINCE = "x-deprecated-since"
_UNTIL = "x-sunset"

View = Callable[..., Response]


@dataclass(frozen=True)
class Notice:
    """When a deprecation begins, and from when the part may be removed, in Unix time."""

    since: int
    until: int | None


@dataclass(frozen=True)
class Deprecations:
    """The deprecations of one operation.

    ``whole``: the operation itself. ``query`` and ``headers``: its parameters, by name.
    ``statuses``: the responses that have the headers.
    """

    whole: Notice | None
    query: Mapping[str, Notice]
    headers: Mapping[str, Notice]
    statuses: frozenset[int]

    def announce(self, response: Response, received: Request) -> None:
        """Add the headers for all that the request uses, with the earliest days."""
        notices = list(self._used(received)) if response.status_code in self.statuses else []
        if not notices:
            return
        response.headers[DEPRECATION] = f"@{min(notice.since for notice in notices)}"
        ends = [notice.until for notice in notices if notice.until is not None]
        if ends:
            response.headers[SUNSET] = format_date_time(min(ends))

    def _used(self, received: Request) -> Iterator[Notice]:
        if self.whole is not None:
            yield self.whole
        if self._may_use(received.query_string):
            yield from (notice for name, notice in self.query.items() if name in received.args)
        yield from (notice for name, notice in self.headers.items() if name in received.headers)

    def _may_use(self, query: bytes) -> bool:
        """Searching for the names is cheaper than parsing the query once more."""
        return any(name.encode() in query for name in self.query) or b"%" in query


def announcing(view: View, deprecations: Deprecations | None) -> View:
    """``view`` with the headers on its responses; ``view`` itself if nothing is deprecated."""
    if deprecations is None:
        return view

    def announce(**path: str) -> Response:
        response = view(**path)
        deprecations.announce(response, request)
        return response

    return announce


def compile_deprecations(contract: Contract, operation: Operation) -> Deprecations | None:
    """The deprecations of an operation that have a day; None where there are none.

    Raises ContractError, naming the place, for an invalid day, days in the wrong order, days of
    parts that are not deprecated, and responses without the headers.
    """
    return _Compiler(contract, operation).compile()


class _Compiler:
    def __init__(self, contract: Contract, operation: Operation) -> None:
        self._contract = contract
        self._operation = operation

    def compile(self) -> Deprecations | None:
        pointer = self._operation.pointer
        spec = self._at(pointer)
        whole = self._notice(spec, pointer)
        by_place: dict[str, dict[str, Notice]] = {"query": {}, "header": {}}
        for parameter, place in self._parameters(spec, pointer):
            notice = self._notice(parameter, place)
            if notice is None:
                continue
            if parameter["in"] not in by_place:
                raise self._fault(f"{place}/{_SINCE}", "only of the query and headers")
            by_place[parameter["in"]][parameter["name"]] = notice
        if whole is None and not any(by_place.values()):
            return None
        statuses = frozenset(self._statuses(spec, pointer))
        if not any(status < 300 for status in statuses):
            raise self._fault(f"{pointer}/responses", f"no success has the header {DEPRECATION}")
        return Deprecations(whole, by_place["query"], by_place["header"], statuses)

    def _notice(self, spec: Mapping[str, Any], pointer: str) -> Notice | None:
        since = self._day(spec, _SINCE, pointer)
        until = self._day(spec, _UNTIL, pointer)
        if since is None and until is None:
            return None
        if not spec.get("deprecated"):
            raise self._fault(pointer, "has a day and is not deprecated")
        if since is None:
            raise self._fault(pointer, f"{_SINCE} is missing")
        if until is not None and until < since:
            raise self._fault(f"{pointer}/{_UNTIL}", f"is before {_SINCE}")
        return Notice(since, until)

    def _day(self, spec: Mapping[str, Any], key: str, pointer: str) -> int | None:
        """The beginning of a day in UTC."""
        if key not in spec:
            return None
        try:
            day = date.fromisoformat(spec[key])
        except (TypeError, ValueError):
            raise self._fault(f"{pointer}/{key}", f"{spec[key]} is no day") from None
        return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())

    def _parameters(
        self, spec: Mapping[str, Any], pointer: str
    ) -> Iterator[tuple[Mapping[str, Any], str]]:
        item = pointer_to("paths", self._operation.path)
        for owner, place in ((self._at(item), item), (spec, pointer)):
            for at, described in enumerate(owner.get("parameters", ())):
                yield self._resolved(described, f"{place}/parameters/{at}")

    def _statuses(self, spec: Mapping[str, Any], pointer: str) -> Iterator[int]:
        for status, described in spec.get("responses", {}).items():
            response, _ = self._resolved(described, f"{pointer}/responses/{status}")
            if DEPRECATION in response.get("headers", {}):
                yield int(status)

    def _resolved(self, spec: Mapping[str, Any], pointer: str) -> tuple[Mapping[str, Any], str]:
        while "$ref" in spec:
            pointer = spec["$ref"].removeprefix("#")
            spec = self._at(pointer)
        return spec, pointer

    def _at(self, pointer: str) -> Any:
        place: Any = self._contract.document
        for part in pointer.split("/")[1:]:
            place = place[part.replace("~1", "/").replace("~0", "~")]
        return place

    def _fault(self, pointer: str, reason: str) -> ContractError:
        return ContractError(f"{self._contract.origin(pointer)}: {reason}")
