"""The rows and credentials of a sandbox, from shop.yaml."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from handlers.contract.document.yaml_files import read_file

SECRET = "the-secret-of-every-sandbox-which-opens-nothing-else"  # noqa: S105 - as it says
"""Fixed, so that the signed tokens in the contract's examples are valid in a sandbox."""

_FILE = Path(__file__).with_name("shop.yaml")
# The tables store only the SHA-256 of these.
_HASHED = {"token": "token_hash", "key": "id_hash"}

Row = Mapping[str, Any]


class Tables(Protocol):
    """The method of the database that a shop uses."""

    def replace_rows(self, rows: Mapping[str, list[Row]]) -> None:
        """Delete all rows, and store these in their place."""


@dataclass(frozen=True)
class Shop:
    """The rows by table, the initial time of the clock, and the credentials (`SandboxState` of
    the contract)."""

    now: datetime
    rows: Mapping[str, list[Row]]
    credentials: Mapping[str, Any]

    def store(self, database: Tables) -> None:
        """Reset ``database`` to the initial rows."""
        database.replace_rows(self.rows)


def read_shop() -> Shop:
    """The shop in shop.yaml. Raises ContractError if the file can't be read."""
    content = read_file(_FILE)
    rows = dict(_rows(content))
    return Shop(datetime.fromisoformat(content["now"]), rows, content["credentials"])


def _rows(content: Mapping[str, Any]) -> Iterator[tuple[str, list[Row]]]:
    for table, rows in content["rows"].items():
        shared = content["defaults"].get(table, {})
        yield table, [_hashed({**shared, **row}) for row in rows]


def _hashed(row: Row) -> Row:
    return {
        _HASHED.get(name, name): sha256(value.encode()).hexdigest() if name in _HASHED else value
        for name, value in row.items()
    }
