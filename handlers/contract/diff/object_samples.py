"""Objects that fit a canonical schema."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from jsonschema_rs import canonical

from handlers.contract.diff.array_samples import MakesSamples
from handlers.contract.diff.patterns import matching_texts

_FEW = 6
_LARGEST = 1000
_ANY_VALUES: tuple[Any, ...] = (None, True, 0, 0.5, "a", [], {})


def object_samples(
    view: canonical.ObjectView, samples: MakesSamples, depth: int
) -> Iterator[dict[str, Any]]:
    """Candidates: with the required violations, or with one member varied at a time."""
    return _Objects(view, samples, depth).made()


class _Objects:
    def __init__(self, view: canonical.ObjectView, samples: MakesSamples, depth: int) -> None:
        self._view = view
        self._samples = samples
        self._depth = depth

    def made(self) -> Iterator[dict[str, Any]]:
        chosen = {name: self._values(name) for name in self._view.required}
        if not all(chosen.values()):
            return
        base = {name: values[0] for name, values in chosen.items()}
        violations = [
            list(self._violating(violation))[:_FEW] for violation in self._view.violations
        ]
        for parts in product(*violations):
            members = dict(base)
            for part in parts:
                members |= part
            yield self._grown(members)
        if violations:
            return
        for name, values in chosen.items():
            for value in values[1:]:
                yield self._grown({**base, name: value})
        yield from self._with_optional_members(base)

    def _with_optional_members(self, base: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for name, schema in self._view.properties.items():
            if name not in base:
                for value in self._samples.of(schema, self._depth)[:_FEW]:
                    yield self._grown({**base, name: value})
        if self._view.additional_properties is not None:
            for value in self._samples.of(self._view.additional_properties, self._depth):
                yield {**base, self._unused(): value}

    def _values(self, name: str) -> list[Any]:
        """Values for one property; the validators check patterns that apply to it as well."""
        view = self._view
        schema = view.properties.get(name)
        if schema is None:
            for pattern, described in view.pattern_properties.items():
                if name in matching_texts(pattern):
                    schema = described
        schema = schema or view.additional_properties
        return list(_ANY_VALUES) if schema is None else self._samples.of(schema, self._depth)

    def _violating(self, violation: Any) -> Iterator[dict[str, Any]]:
        """Members by which an object violates the subtracted schema."""
        match violation:
            case canonical.NameFailsView(schema):
                names = [name for name in self._samples.rejected(schema, self._depth) if name]
                for name in [*filter(_is_text, names), self._unused()]:
                    yield from ({name: value} for value in self._values(name)[:2])
            case canonical.PatternValueFailsView(pattern, schema):
                for name in matching_texts(pattern):
                    for value in self._samples.rejected(schema, self._depth):
                        yield {name: value}
            case canonical.UndeclaredValueFailsView(names, _, additional):
                for value in self._samples.rejected(additional, self._depth):
                    yield {self._unused(names): value}
                known = {*self._view.properties, *self._view.required}
                for name in sorted(known - {*names}):
                    yield from ({name: value} for value in self._values(name))

    def _grown(self, members: dict[str, Any]) -> dict[str, Any]:
        """``members``, and as many more as the object needs."""
        needed = min(self._view.min_properties or 0, _LARGEST)
        optional = [name for name in self._view.properties if name not in members]
        spare = (self._unused([f"other{at}" for at in range(taken)]) for taken in range(_LARGEST))
        for name in [*optional, *(spare if len(members) < needed else ())]:
            if len(members) >= needed:
                break
            if name not in members and (values := self._values(name)):
                members = {**members, name: values[0]}
        return members

    def _unused(self, besides: Iterable[str] = ()) -> str:
        """A name that no property has."""
        taken = {*self._view.properties, *self._view.required, *besides}
        return next(name for at in range(len(taken) + 1) if (name := f"other{at}") not in taken)


def _is_text(name: Any) -> bool:
    return isinstance(name, str)
