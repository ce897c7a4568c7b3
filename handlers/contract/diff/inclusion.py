"""Whether every value that one schema admits is admitted by another, with a value where it is not.

Three ways, in this order: a proof by canonical forms (jsonschema-rs), a value of what remains when
one canonical form is subtracted from the other, and values of the narrow schema until the wide one
rejects one. Each value is judged by the validators of both schemas before it is given out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from jsonschema_rs import (
    CanonicalSchema,
    Draft202012,
    Draft202012Validator,
    ValidationError,
    canonical,
    canonicalize,
)

from handlers.contract.diff.operands import NotComparable, Operand, literals
from handlers.contract.diff.references import ReferenceMissing
from handlers.contract.diff.samples import Samples
from handlers.contract.diff.unrolling import equal, equal_definitions, recursive, unrolled

SUBTRACTION = "subtraction"
SEARCH = "search"
_DEPTHS = (0, 1, 2)
# How many values of each part are tried.
_SUBTRACTED = 16
_SEARCHED = (16, 200)
_SECONDS = 5.0
_DEFINITIONS = "$defs"


@dataclass(frozen=True)
class Witness:
    """A value that the narrow schema admits and the wide one rejects.

    ``method``: ``subtraction`` where the value was made from the difference of both schemas,
    ``search`` where it was met among values of the narrow one.
    """

    value: Any
    method: str


@dataclass(frozen=True)
class Unknown:
    """Neither a proof nor a value was found."""

    reason: str


def counterexample(
    narrow: Operand, wide: Operand, *, seconds: float = _SECONDS
) -> Witness | Unknown | None:
    """A value of ``narrow`` that ``wide`` rejects; None where it is proven that there is none.

    ``seconds`` bounds the search, so that a slow machine may get Unknown where a fast one gets a
    value, and never the opposite of another's answer.
    """
    try:
        return _Question(narrow, wide, monotonic() + seconds).answer()
    except (NotComparable, ReferenceMissing, canonical.CanonicalizationError) as error:
        return Unknown(str(error))
    except ValidationError as error:
        return Unknown(f"a schema is invalid: {error.message}")


def is_proven(narrow: Operand, wide: Operand) -> bool:
    """Whether it is proven that ``wide`` admits every value of ``narrow``; nothing is searched."""
    try:
        return _Question(narrow, wide, 0).is_proven()
    except (NotComparable, ReferenceMissing, canonical.CanonicalizationError, ValidationError):
        return False


class _Question:
    def __init__(self, narrow: Operand, wide: Operand, deadline: float) -> None:
        self._deadline = deadline
        self._narrow, self._wide = narrow.plain(), wide.plain()
        # What an object may hold besides makes no proof wrong, and leaves more definitions equal.
        self._loose = (
            Operand(narrow.document, narrow.schema, narrow.direction).plain()
            if narrow.closed
            else self._narrow
        )
        self._admits = _validator(self._narrow)
        self._takes = _validator(self._wide)
        is_deep = recursive(self._narrow) or recursive(self._wide)
        self._depths = _DEPTHS if is_deep else _DEPTHS[:1]
        self._pool = list(literals(narrow)) + list(literals(wide))

    def answer(self) -> Witness | Unknown | None:
        if self.is_proven():
            return None
        for method, values in ((SUBTRACTION, self._subtracted()), (SEARCH, self._searched())):
            for value in values:
                if self._admits.is_valid(value) and not self._takes.is_valid(value):
                    return Witness(value, method)
                if monotonic() > self._deadline:
                    return Unknown("the time was up")
        return Unknown("there is no proof that there is none")

    def is_proven(self) -> bool:
        return any(self._is_proven(schema) for schema in (self._loose, self._narrow))

    def _is_proven(self, narrow: Mapping[str, Any]) -> bool:
        if equal(narrow, self._wide):
            return True
        for depth in self._depths:
            more, less = self._pair(narrow, depth, exact=False)
            if less.covers(more) is canonical.Containment.YES:
                return True
        return False

    def _subtracted(self) -> Iterator[Any]:
        for depth in self._depths:
            less, more = self._pair(self._narrow, depth, exact=True)
            try:
                difference = less.subtract(more)
            except canonical.CanonicalizationError:
                continue
            yield from Samples(self._pool, _SUBTRACTED).each(difference)

    def _searched(self) -> Iterator[Any]:
        schema = _canonical(self._narrow)
        for most in _SEARCHED:
            yield from Samples(self._pool, most).each(schema)

    def _pair(
        self, narrow: Mapping[str, Any], depth: int, *, exact: bool
    ) -> tuple[CanonicalSchema, CanonicalSchema]:
        """Both without recursion, which widens the first for a proof, the second for a value."""
        left = equal_definitions(narrow, self._wide)
        definitions = {_DEFINITIONS: narrow[_DEFINITIONS]} if left else {}
        one = unrolled(narrow, depth, rest=not exact, left={name: name for name in left.values()})
        other = unrolled(self._wide, depth, rest=exact, left=left)
        return _canonical(_with(one, definitions)), _canonical(_with(other, definitions))


def _with(schema: Any, definitions: Mapping[str, Any]) -> Any:
    return {**schema, **definitions} if isinstance(schema, Mapping) else schema


def _canonical(schema: Any) -> CanonicalSchema:
    return canonicalize(schema, draft=Draft202012, validate_formats=True)


def _validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(dict(schema), validate_formats=True)
