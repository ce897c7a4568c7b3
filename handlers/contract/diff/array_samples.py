"""Arrays that fit a canonical schema."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any, Protocol

from jsonschema_rs import CanonicalSchema, canonical

_FEW = 6
_LONGEST = 1000
_ANY_ITEMS: tuple[Any, ...] = (None, True, 0, 0.5, "a")


class MakesSamples(Protocol):
    """Makes samples of the parts."""

    def of(self, schema: CanonicalSchema, depth: int) -> list[Any]:
        """Candidates that ``schema`` may admit."""
        ...

    def rejected(self, schema: CanonicalSchema, depth: int) -> list[Any]:
        """Candidates that it may reject."""
        ...


def array_samples(
    view: canonical.ArrayView, samples: MakesSamples, depth: int
) -> Iterator[list[Any]]:
    """Candidates: with all required items, then with every item in turn, then long ones."""
    fill = list(_ANY_ITEMS) if view.items is None else samples.of(view.items, depth)
    heads = [samples.of(schema, depth) for schema in view.prefix_items]
    head = [choices[0] for choices in heads if choices]
    needed = view.min_items or 0
    contained = [_contained(view, contains, samples, depth)[:_FEW] for contains in view.contains]
    for parts in product(*contained):
        yield _filled([*head, *(item for part in parts for item in part)], fill, needed)
    for item in fill:
        yield _filled([*head, item], fill, needed)
    for at, choices in enumerate(heads):
        for choice in choices:
            yield _filled([*head[:at], choice, *head[at + 1 :]], fill, needed)
    for item in fill[:_FEW]:
        yield [item] * min(max(2, needed, view.max_items or 0), _LONGEST)


def _contained(
    view: canonical.ArrayView, contains: canonical.ContainsView, samples: MakesSamples, depth: int
) -> list[list[Any]]:
    """Lists of items that satisfy one `contains`."""
    least = 1 if contains.min_contains is None else contains.min_contains
    if least == 0:
        return [[]]
    schema = contains.schema
    if view.items is not None:
        # Without a canonical form of both, the validators drop what does not match both.
        with suppress(canonical.CanonicalizationError):
            schema = view.items.intersect(schema)
    return [[item] * least for item in samples.of(schema, depth)]


def _filled(items: list[Any], fill: list[Any], needed: int) -> list[Any]:
    """``items``, and as many more as an array needs, different ones where possible."""
    missing = min(max(0, needed - len(items)), _LONGEST)
    spare = [item for item in fill if item not in items] or fill or [None]
    return [*items, *(spare[at % len(spare)] for at in range(missing))]
