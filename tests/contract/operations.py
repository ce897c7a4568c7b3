"""The operations of the published contract, and the callers that each admits."""

from collections.abc import Mapping
from typing import Any

from handlers.contract.document.bundle import load_contract

_DOCUMENT = load_contract().document
_USUAL = _DOCUMENT["security"]

OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in _DOCUMENT["paths"].items()
    for method, operation in item.items()
}


def admitting(*schemes: str | None) -> dict[str, str]:
    """The ids of the operations that admit one of the schemes (None: anonymous), by label."""
    return {
        label: operation["operationId"]
        for label, operation in OPERATIONS.items()
        if set(schemes) & _schemes(operation)
    }


def _schemes(operation: Mapping[str, Any]) -> set[str | None]:
    alternatives = operation.get("security", _USUAL) or [{}]
    return {name for alternative in alternatives for name in alternative or [None]}
