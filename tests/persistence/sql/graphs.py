"""Graphs of entities as plain values, to be compared."""

from dataclasses import is_dataclass
from typing import Any


def graph(root: Any) -> Any:
    """Return all that hangs on ``root``, with types; an object that comes again is a number."""
    seen: dict[int, int] = {}

    def plain(value: Any) -> Any:
        if is_dataclass(value):
            if id(value) in seen:
                return seen[id(value)]
            seen[id(value)] = len(seen)
            state = sorted(vars(value).items())
            return type(value).__name__, {name: plain(each) for name, each in state}
        if isinstance(value, list):
            return [plain(each) for each in value]
        if isinstance(value, dict):
            return {name: plain(each) for name, each in value.items()}
        return type(value), value

    return plain(root)
