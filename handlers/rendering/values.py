"""Sources that most documents share."""

from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

from domain.shared.money import format_amount, format_rate
from handlers.contract.operations.marshmallow_schemas import Attribute, Rendering, Source, Sources
from handlers.i18n.translations import label


@dataclass(frozen=True, slots=True)
class Labelled:
    """A code with its label in the reader's language.

    A ShippingCompany of the domain has both already, and is rendered directly.
    """

    value: str
    label: str


def labelled(*components: str) -> list[Sources]:
    """The sources of these components of `labels.yaml`, which all have a value and a label."""
    return [Sources(component, Labelled) for component in components]


# Amounts, rates and labels repeat within an order and between orders.
_amount = lru_cache(maxsize=1024)(format_amount)
_rate = lru_cache(maxsize=64)(format_rate)


@lru_cache(maxsize=256)
def _labelled(kind: str, value: str, language: str) -> Labelled:
    return Labelled(value, label(kind, value, language))


def attribute(path: str) -> Source:
    """The attribute at a dotted path."""
    return Attribute(path)


def optional(path: str, of: str) -> Source:
    """The attribute ``path`` of the entity's ``of``; None if the latter is None."""
    part = attrgetter(of)
    read = attrgetter(path)

    def source(entity: Any, _rendering: Rendering) -> Any:
        value = part(entity)
        return None if value is None else read(value)

    return source


def money(name: str, currency: str = "currency") -> Source:
    """Minor units as a decimal string in the currency of the whole document."""
    read = attrgetter(name)
    read_currency = attrgetter(currency)

    def source(entity: Any, rendering: Rendering) -> str | None:
        amount = read(entity)
        return None if amount is None else _amount(amount, read_currency(rendering.root))

    return source


def rate(name: str) -> Source:
    """Hundredths of a percent as a decimal string."""
    read = attrgetter(name)

    def source(entity: Any, _rendering: Rendering) -> str | None:
        hundredths = read(entity)
        return None if hundredths is None else _rate(hundredths)

    return source


def identifier(name: str) -> Source:
    """The `pk` in a JSON object without a schema; None if there is no object."""
    read = attrgetter(name)
    return lambda entity, _rendering: (read(entity) or {}).get("pk")


def currency(_entity: Any, rendering: Rendering) -> Labelled:
    """The currency of the whole document."""
    return _labelled("currency", str(rendering.root.currency), rendering.language)


def with_label(kind: str, path: str) -> Source:
    """A value with its translated label; ``kind`` is the key of LABELS."""
    read = attrgetter(path)

    def source(entity: Any, rendering: Rendering) -> Labelled | None:
        value = read(entity)
        return None if value is None else _labelled(kind, str(value), rendering.language)

    return source


def translated(name: str) -> Source:
    """The text in the reader's language, else the untranslated one."""

    def source(entity: Any, rendering: Rendering) -> str:
        own = (entity.translations or {}).get(rendering.language) or {}
        text: str = own.get(name) or getattr(entity, name)
        return text

    return source
