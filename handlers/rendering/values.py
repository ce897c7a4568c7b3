"""The kinds of sources that most documents share."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from domain.money import format_amount, format_rate
from handlers.contract.schemas import Rendering, Source, Sources
from handlers.translations import label


@dataclass(frozen=True, slots=True)
class Labelled:
    """A code with its name in the reader's language."""

    value: str
    label: str


def labelled(*components: str) -> list[Sources]:
    """The sources of these components of `labels.yaml`; all have a code and its name."""
    return [Sources(component, Labelled) for component in components]


def attribute(path: str) -> Source:
    """The attribute at a dotted path."""
    read = attrgetter(path)
    return lambda entity, _rendering: read(entity)


def optional(path: str, of: str) -> Source:
    """The attribute ``path`` of the entity's ``of``; None where that is None."""
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
        return None if amount is None else format_amount(amount, read_currency(rendering.root))

    return source


def rate(name: str) -> Source:
    """Hundredths of a percent as a decimal string."""
    read = attrgetter(name)

    def source(entity: Any, _rendering: Rendering) -> str | None:
        hundredths = read(entity)
        return None if hundredths is None else format_rate(hundredths)

    return source


def identifier(name: str) -> Source:
    """The `pk` inside a free JSON object; None where there is no object."""
    read = attrgetter(name)
    return lambda entity, _rendering: (read(entity) or {}).get("pk")


def currency(_entity: Any, rendering: Rendering) -> Labelled:
    """The currency of the whole document."""
    code = str(rendering.root.currency)
    return Labelled(code, label("currency", code, rendering.language))


def named(kind: str, path: str) -> Source:
    """A value with the label that the catalogues give it among its ``kind``."""
    read = attrgetter(path)

    def source(entity: Any, rendering: Rendering) -> Labelled | None:
        value = read(entity)
        if value is None:
            return None
        return Labelled(str(value), label(kind, str(value), rendering.language))

    return source


def carrier(path: str) -> Source:
    """A shipping company: its code, and its own name in every language."""
    read = attrgetter(path)

    def source(entity: Any, _rendering: Rendering) -> Labelled | None:
        company = read(entity)
        return None if company is None else Labelled(company.value, company.label)

    return source


def translated(name: str) -> Source:
    """The text in the reader's language, else the one that stands for all languages."""

    def source(entity: Any, rendering: Rendering) -> str:
        own = (entity.translations or {}).get(rendering.language) or {}
        text: str = own.get(name) or getattr(entity, name)
        return text

    return source
