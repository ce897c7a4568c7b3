"""Documents of entities that are not stored, rendered by the contract that is served."""

from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from itertools import count
from typing import Any

import orjson

from domain.orders.old_orders import OldOrder
from domain.orders.orders import Order
from domain.orders.return_policy import ReturnPolicy
from handlers.contract.document.bundle import Contract, load_contract
from handlers.contract.operations.violations import ResponseValidation, Violations
from handlers.rendering.old_orders import OLD_ORDER_SOURCES
from handlers.rendering.orders import order_sources
from handlers.rendering.renderer import ContractRenderer
from tests.support.builders import NOW, make_item, make_order

ENFORCED = Violations(ResponseValidation.ENFORCE)
_ids = count(1000)


@cache
def served_contract() -> Contract:
    return load_contract()


@cache
def _order_renderer() -> ContractRenderer[Order]:
    sources = order_sources(ReturnPolicy())
    return ContractRenderer(
        served_contract(), "UserOrder", sources, lambda *_: None, ENFORCED, "first"
    )


@cache
def _old_order_renderer() -> ContractRenderer[OldOrder]:
    return ContractRenderer(
        served_contract(), "UserOldOrder", OLD_ORDER_SOURCES, lambda *_: None, ENFORCED, "first"
    )


def render_order(order: Order, language: str = "en-us", now: datetime = NOW) -> dict[str, Any]:
    """The document of an order, validated, as if the order were stored."""
    assign_ids(order)
    return render_stored_order(order, language, now)


def render_stored_order(
    order: Order, language: str = "en-us", now: datetime = NOW
) -> dict[str, Any]:
    """The document of a stored order, validated."""
    document: dict[str, Any] = orjson.loads(_order_renderer()(order, language, now).body)
    return document


def render_item(item: Any = None, language: str = "en-us", **overrides: Any) -> dict[str, Any]:
    """The document of an order's only line."""
    order = make_order(items=[item or make_item()], **overrides)
    line: dict[str, Any] = render_order(order, language)["orderitem_set"][0]
    return line


def render_old_order(old_order: OldOrder, language: str = "en-us") -> dict[str, Any]:
    assign_ids(old_order)
    return render_stored_old_order(old_order, language)


def render_stored_old_order(old_order: OldOrder, language: str = "en-us") -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(_old_order_renderer()(old_order, language, NOW).body)
    return document


def assign_ids(entity: Any) -> None:
    """Assign ids to an entity and its parts, as storing does."""
    for field in fields(entity):
        if not field.init and getattr(entity, field.name, None) is None:
            setattr(entity, field.name, next(_ids))
        value = getattr(entity, field.name)
        for part in value if isinstance(value, list) else [value]:
            if is_dataclass(part):
                assign_ids(part)
