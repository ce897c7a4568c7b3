"""The sources of all components in `handlers.rendering`."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from domain.orders.return_policy import ReturnPolicy
from handlers import rendering
from handlers.contract.operations.marshmallow_schemas import Sources
from handlers.rendering.orders import order_sources


def all_sources() -> dict[str, Sources]:
    """By component, the sources in the modules of `handlers.rendering`."""
    names = [
        f"{rendering.__name__}.{module.name}" for module in pkgutil.iter_modules(rendering.__path__)
    ]
    constants = [value for name in names for value in vars(importlib.import_module(name)).values()]
    in_modules = [sources for value in constants for sources in _sources_in(value)]
    return {sources.component: sources for sources in [*in_modules, *order_sources(ReturnPolicy())]}


def _sources_in(value: Any) -> Iterator[Sources]:
    """The sources that a constant of a module is or contains."""
    if isinstance(value, Sources):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _sources_in(item)
