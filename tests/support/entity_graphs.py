"""Converts graphs of entities to plain values, to compare them."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any


def graph(root: Any) -> Any:
    """Return ``root`` and its related objects with types; repeated objects are numbers."""
    seen: dict[int, int] = {}

    def plain(value: Any) -> Any:
        if is_dataclass(value):
            if id(value) in seen:
                return seen[id(value)]
            seen[id(value)] = len(seen)
            state = sorted(vars(value).items())
            return type(value).__name__, {name: plain(item) for name, item in state}
        if isinstance(value, list):
            return [plain(item) for item in value]
        if isinstance(value, dict):
            return {name: plain(item) for name, item in value.items()}
        return type(value), value

    return plain(root)


def differing(stored: Any, loaded: Any, path: str = "") -> Iterator[str]:
    """Yield the paths at which loaded objects differ from stored ones."""
    if isinstance(loaded, list):
        if len(stored) != len(loaded):
            yield path
        for at, (first, second) in enumerate(zip(stored, loaded, strict=False)):
            yield from differing(first, second, f"{path}/{at}")
    elif hasattr(loaded, "__dataclass_fields__"):
        for name, value in vars(loaded).items():
            # The constructor does not set the ids of a snapshot's references.
            if name in vars(stored) or not name.endswith("_pk"):
                yield from differing(getattr(stored, name), value, f"{path}/{name}")
    elif (type(stored), stored) != (type(loaded), loaded):
        yield path
