"""Products, as they were when they were bought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.shared.snapshots import IdentifiedSnapshot


@dataclass(eq=False, kw_only=True)
class Product(IdentifiedSnapshot):
    """A product as it was when it was bought.

    ``translations`` is ``{language: {"name": ...}}``; ``name`` is for other languages.
    """

    sku: str
    base_code: str
    name: str
    image: str | None = None
    absolute_url: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    attributes_kwargs: Mapping[str, Any] = field(default_factory=dict)
    form_schema: Sequence[Any] = field(default_factory=list)
    data_source: Mapping[str, Any] | None = None
    extra_attributes: Mapping[str, Any] = field(default_factory=dict)
    category: Mapping[str, Any] | None = None
    attribute_set: Sequence[Any] = field(default_factory=list)
    translations: Mapping[str, Any] | None = None
