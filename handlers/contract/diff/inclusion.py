"""Whether one schema admits every value of another, with a counterexample where it does not.

Three methods, in this order: a proof by canonical forms (jsonschema-rs), a value of the difference
of both canonical forms, and a search for a value of the narrow schema that the wide one rejects.
The validators of both schemas check every value before it is returned.
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
# How many values of a part are tried.
_SUBTRACTED = 16
_SEARCHED = (16, 200)
_SECONDS = 5.0
_DEFINITIONS = "$defs"


@dataclass(frozen=True)
class Witness:
    """A value that the narrow schema admits and the wide one rejects.

    ``method``: ``subtraction`` for a value of the difference of both schemas, ``search`` for one
    found among values of the narrow schema.
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

    ``seconds`` bounds the search: a slow machine may return Unknown where a fast one returns a
    value, but never the opposite result.
    """
    try:
        return _InclusionCheck(narrow, wide, monotonic() + seconds).result()
    except (NotComparable, ReferenceMissing, canonical.CanonicalizationError) as error:
        return Unknown(str(error))
    except ValidationError as error:
        return Unknown(f"a schema is invalid: {error.message}")


def is_proven(narrow: Operand, wide: Operand) -> bool:
    """Whether it is proven that ``wide`` admits every value of ``narrow``; nothing is searched."""
    try:
        return _InclusionCheck(narrow, wide, 0).is_proven()
    except (NotComparable, ReferenceMissing, canonical.CanonicalizationError, ValidationError):
        return False


class _InclusionCheck:
    def __init__(self, narrow: Operand, wide: Operand, deadline: float) -> None:
        self._deadline = deadline
        self._narrow, self._wide = narrow.plain(), wide.plain()
        # Allowing additional properties keeps proofs valid, and leaves more definitions equal.
        self._loose = (
            Operand(narrow.document, narrow.schema, narrow.direction).plain()
            if narrow.closed
            else self._narrow
        )
        self._narrow_validator = _validator(self._narrow)
        self._wide_validator = _validator(self._wide)
        is_deep = recursive(self._narrow) or recursive(self._wide)
        self._depths = _DEPTHS if is_deep else _DEPTHS[:1]
        self._pool = list(literals(narrow)) + list(literals(wide))

    def result(self) -> Witness | Unknown | None:
        if self.is_proven():
            return None
        for method, values in ((SUBTRACTION, self._subtracted()), (SEARCH, self._searched())):
            for value in values:
                if self._narrow_validator.is_valid(value) and not self._wide_validator.is_valid(
                    value
                ):
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
            yield from Samples(self._pool, _SUBTRACTED).candidates(difference)

    def _searched(self) -> Iterator[Any]:
        schema = _canonical(self._narrow)
        for most in _SEARCHED:
            yield from Samples(self._pool, most).candidates(schema)

    def _pair(
        self, narrow: Mapping[str, Any], depth: int, *, exact: bool
    ) -> tuple[CanonicalSchema, CanonicalSchema]:
        """Both without recursion: for a proof the first is widened, for a value the second."""
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
