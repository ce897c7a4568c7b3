"""The sources of all components that `handlers.rendering` names."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from domain.orders.return_policy import ReturnPolicy
from handlers import rendering
from handlers.contract.operations.marshmallow_schemas import Sources
from handlers.rendering.orders import order_sources


def all_sources() -> dict[str, Sources]:
    """By component, whatever the modules of `handlers.rendering` name."""
    names = [
        f"{rendering.__name__}.{each.name}" for each in pkgutil.iter_modules(rendering.__path__)
    ]
    constants = [value for name in names for value in vars(importlib.import_module(name)).values()]
    found = [each for value in constants for each in _sources_in(value)]
    return {each.component: each for each in [*found, *order_sources(ReturnPolicy())]}


def _sources_in(value: Any) -> Iterator[Sources]:
    """The sources that a constant of a module is or holds."""
    if isinstance(value, Sources):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _sources_in(each)
