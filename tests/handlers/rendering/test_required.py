"""What a rendered document always has is required in its component."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

from domain.policies import ReturnPolicy
from handlers import rendering
from handlers.contract.bundle import load_contract
from handlers.contract.schemas import Sources
from handlers.rendering.orders import order_sources


def sources_in(value: Any) -> Iterator[Sources]:
    """The sources that a constant of a module is or holds."""
    if isinstance(value, Sources):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from sources_in(each)


def all_sources() -> dict[str, Sources]:
    """By component, whatever the modules of `handlers.rendering` name."""
    names = [
        f"{rendering.__name__}.{each.name}" for each in pkgutil.iter_modules(rendering.__path__)
    ]
    constants = [value for name in names for value in vars(importlib.import_module(name)).values()]
    found = [each for value in constants for each in sources_in(value)]
    return {each.component: each for each in [*found, *order_sources(ReturnPolicy())]}


SOURCES = all_sources()


def test_all_rooms_of_an_order_are_found() -> None:
    assert {"UserOrder", "UserOrderItem", "UserOldOrder", "SellerOrder"} <= SOURCES.keys()


@pytest.mark.parametrize("component", sorted(SOURCES))
def test_all_that_is_not_optional_is_required(component: str) -> None:
    schema = load_contract().document["components"]["schemas"][component]

    assert set(schema["required"]) == schema["properties"].keys() - SOURCES[component].optional
