"""Values that a canonical schema may admit, the simplest first, and always the same ones.

They are candidates: callers validate them. hypothesis-jsonschema, which makes such values as well,
had its last release in February 2024.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from jsonschema_rs import CanonicalSchema, Draft202012Validator, canonical

from handlers.contract.diff.array_samples import array_samples
from handlers.contract.diff.number_samples import number_samples
from handlers.contract.diff.object_samples import object_samples
from handlers.contract.diff.patterns import matching_texts
from handlers.contract.diff.texts import FORMAT_SAMPLES, TEXTS

_DEPTH = 12
_LONGEST = 100_000
_BY_TYPE: dict[str, list[Any]] = {
    "null": [None],
    "boolean": [True, False],
    "integer": [0, 1, -1],
    "number": [0, 1, -1, 0.5],
    "string": ["", "a", "0"],
    "array": [[], [None]],
    "object": [{}, {"a": None}],
}
ANYTHING: tuple[Any, ...] = (None, True, 0, 0.5, "a", "", [], {})

_Make = Callable[[CanonicalSchema, Any, int], Iterable[Any]]


class Samples:
    """Makes at most ``most`` samples of each part of a schema.

    ``pool``: values of the documents, which resemble real ones.
    """

    def __init__(self, pool: Sequence[Any], most: int) -> None:
        self._most = most
        self._texts = [value for value in pool if isinstance(value, str)]
        self._pool = list(pool)
        self._makers: dict[type, _Make] = {
            canonical.FalseView: lambda *_: (),
            canonical.ConstView: lambda _schema, view, _depth: [view.value],
            canonical.EnumView: lambda _schema, view, _depth: view.values,
            canonical.MultiTypeView: lambda _schema, view, _depth: _round_robin(
                [_BY_TYPE[name] for name in view.types]
            ),
            canonical.TypedGroupView: lambda _schema, view, depth: self.of(view.body, depth),
            canonical.StringView: self._strings,
            canonical.IntegerView: lambda schema, view, _depth: admitted(
                schema, number_samples(view)
            ),
            canonical.NumberView: lambda schema, view, _depth: admitted(
                schema, number_samples(view)
            ),
            canonical.ArrayView: lambda _schema, view, depth: array_samples(view, self, depth),
            canonical.ObjectView: lambda _schema, view, depth: object_samples(view, self, depth),
            canonical.AnyOfView: self._one_of,
            canonical.OneOfView: self._one_of,
            canonical.AllOfView: self._all_of,
            canonical.NotView: self._not,
            canonical.ReferenceView: lambda schema, _view, depth: self.of(followed(schema), depth),
        }

    def candidates(self, schema: CanonicalSchema, depth: int = _DEPTH) -> Iterator[Any]:
        """Candidates that ``schema`` may admit, made lazily."""
        view = schema.view()
        make = self._makers.get(type(view), self._anything)
        return islice(_distinct(make(schema, view, depth - 1)), self._most)

    def of(self, schema: CanonicalSchema, depth: int) -> list[Any]:
        """Candidates for a part; none below ``depth`` levels."""
        return list(self.candidates(schema, depth)) if depth else []

    def rejected(self, schema: CanonicalSchema, depth: int) -> list[Any]:
        """Candidates that ``schema`` may reject."""
        try:
            return self.of(schema.negate(), depth)
        except canonical.CanonicalizationError:
            return list(ANYTHING)

    def _anything(self, _schema: CanonicalSchema, _view: Any, _depth: int) -> list[Any]:
        return [*ANYTHING, *self._pool]

    def _strings(
        self, schema: CanonicalSchema, view: canonical.StringView, _depth: int
    ) -> Iterator[Any]:
        named = [text for form in view.formats for text in FORMAT_SAMPLES.get(form, ())]
        made = [text for pattern in view.patterns for text in matching_texts(pattern)]
        shortest, longest = view.min_length or 0, view.max_length
        lengths = {shortest, shortest + 1, shortest if longest is None else longest}
        filled = [
            text * length for text in ("a", "0") for length in sorted(lengths) if length <= _LONGEST
        ]
        return admitted(schema, [*named, *made, *filled, *self._texts, *TEXTS])

    def _one_of(
        self, _schema: CanonicalSchema, view: canonical.AnyOfView | canonical.OneOfView, depth: int
    ) -> Iterator[Any]:
        return _round_robin(self.of(branch, depth) for branch in view.branches)

    def _all_of(
        self, schema: CanonicalSchema, view: canonical.AllOfView, depth: int
    ) -> Iterator[Any]:
        branches = [followed(branch) for branch in view.branches]
        joined: CanonicalSchema | None = branches[0]
        for branch in branches[1:]:
            joined = joined and intersection(joined, branch)
        if joined is not None and joined.kind is not canonical.CanonicalKind.ALL_OF:
            yield from self.of(joined, depth)
        for branch in branches:
            yield from admitted(schema, self.of(branch, depth))

    def _not(self, schema: CanonicalSchema, view: canonical.NotView, depth: int) -> Iterator[Any]:
        yield from self.rejected(followed(view.schema), depth)
        yield from admitted(schema, [*ANYTHING, *self._pool])


def followed(schema: CanonicalSchema) -> CanonicalSchema:
    """``schema``, or what its references lead to."""
    for _ in range(_DEPTH):
        match schema.view():
            case canonical.ReferenceView(uri):
                target = schema.definition(uri)
                if target is None:
                    break
                schema = target
            case _:
                break
    return schema


def intersection(one: CanonicalSchema, other: CanonicalSchema) -> CanonicalSchema | None:
    """What both admit; None where there is no canonical form for it."""
    try:
        return one.intersect(other)
    except canonical.CanonicalizationError:
        return None


def admitted(schema: CanonicalSchema, values: Iterable[Any]) -> Iterator[Any]:
    """Those of ``values`` that ``schema`` admits."""
    schema_document: Any = schema.to_json_schema()
    validator = Draft202012Validator(schema_document, validate_formats=True)
    return (value for value in values if validator.is_valid(value))


def _round_robin(groups: Iterable[Sequence[Any]]) -> Iterator[Any]:
    """The first value of every group, then the second ones, and so on; groups are made lazily."""
    made = []
    for group in groups:
        made.append(group)
        yield from group[:1]
    for at in range(1, max(map(len, made), default=0)):
        yield from (group[at] for group in made if at < len(group))


def _distinct(values: Iterable[Any]) -> Iterator[Any]:
    distinct: list[Any] = []
    for value in values:
        if not any(type(value) is type(other) and value == other for other in distinct):
            distinct.append(value)
            yield value
