"""Every documented filter of the sellers' lists selects some rows of the demo shop."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from handlers.contract.document.bundle import load_contract
from tests.handlers.cli.conftest import Run, waybill
from tests.support.application import Clients

__all__ = ["waybill"]  # the fixture

LISTS = (
    "/api/i1/orders/",
    "/api/i1/order-items/",
    "/api/i1/cancellation-plans/",
    "/api/i1/customer-addresses/",
)
PAGING = {"ordering", "page", "cursor", "limit"}
BOUNDS = ("gte", "gt", "lte", "lt")
Row = Mapping[str, Any]


def filters() -> Iterator[tuple[str, str]]:
    """The lists with the names of their filters, except deprecated ones."""
    contract = load_contract()
    for path in LISTS:
        for parameter in contract.document["paths"][path]["get"]["parameters"]:
            # Parameters of all lists are components: paging and headers.
            is_current = "$ref" not in parameter and not parameter.get("deprecated")
            if is_current and parameter["in"] == "query" and parameter["name"] not in PAGING:
                yield path, parameter["name"]


class Lists:
    """A seller's lists, with and without filters."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self._rows = {path: client.get(f"{path}?limit=500").json()["results"] for path in LISTS}
        self._orders = {row["id"]: row for row in self._rows[LISTS[0]]}

    def finds_some(self, path: str, name: str) -> bool:
        """Whether the filter, with a value of a row, finds some rows but not all."""
        total = len(self._rows[path])
        return any(
            0 < self._client.get(path, params={name: value, "limit": 1}).json()["count"] < total
            for value in self._values(path, name)
        )

    def _values(self, path: str, name: str) -> list[str]:
        """A few values of the rows for the filter, in the form of a query parameter."""
        field, _, operator = name.rpartition("__")
        if operator not in (*BOUNDS, "date", "contains", "icontains"):
            field, operator = name, ""
        row_values = [self._value(row, field) for row in self._rows[path]]
        values = sorted({_text(value) for value in row_values if value is not None})
        if operator in BOUNDS:
            # By size: amounts have different lengths, and dates the same.
            values.sort(key=lambda text: (len(text), text))
            values = values[len(values) // 2 :]
        return [text[:10] if operator == "date" else text for text in values[:10]]

    def _value(self, row: Row, field: str) -> Any:
        if field.startswith("order__"):
            return self._orders[row["order"]][field.removeprefix("order__")]
        value = row[field]
        return (value[0] if value else None) if isinstance(value, list) else value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def test_every_filter_selects_some_rows_and_not_all(
    waybill: Run, clients: Clients, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens"
    seeded = waybill(
        "seed", "--users", "12", "--orders-per-user", "6", "--tokens-file", str(tokens)
    )
    assert seeded.exit_code == 0
    lists = [Lists(clients.selling(token)) for token in tokens.read_text().split()]

    idle = [
        (path, name)
        for path, name in filters()
        if not any(seller_lists.finds_some(path, name) for seller_lists in lists)
    ]

    assert idle == []
