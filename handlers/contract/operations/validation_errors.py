"""What does not fit in a body, told all at once: each field by its name, nested as in the body."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from domain.shared.errors import FieldErrors, InvalidInput
from handlers.http.messages import refusal

_ALTERNATIVES = ("anyOf", "oneOf")
# Each misfit takes some 20 µs to find, and a body may hold 10,000 values. No list of the contract
# is as long, so what is cut off is too much anyway.
_LONGEST_LIST = 1000
# Nor is any as deep; what lies deeper is judged by nothing.
_DEPTH = 20

Path = Sequence[str | int]


def misfits(validator: Draft202012Validator, document: Any) -> InvalidInput:
    """The refusal of a document that is not valid.

    It is about the document as a whole where that does not fit, else FieldErrors.
    """
    errors = validator.iter_errors(_shortened(document))
    return as_refusal(
        (path, refusal(cause, None)) for error in errors for path, cause in _causes(error)
    )


def as_refusal(told: Iterable[tuple[Path, InvalidInput]]) -> InvalidInput:
    """One refusal of all; what is said of a whole stands for what is said of its parts."""
    tree: dict[str, Any] = {}
    for path, each in told:
        if not path:
            return each
        _plant(tree, [str(part) for part in path], each)
    return _nested(tree) if tree else InvalidInput()


def _shortened(value: Any, depth: int = _DEPTH) -> Any:
    """The value with no more of its lists than is needed to see that they are too long."""
    if depth and isinstance(value, dict):
        return {key: _shortened(member, depth - 1) for key, member in value.items()}
    if depth and isinstance(value, list):
        return [_shortened(item, depth - 1) for item in value[: _LONGEST_LIST + 1]]
    return value


def _causes(error: ValidationError) -> Iterator[tuple[Path, ValidationError]]:
    """What an error is about; a value that fits no alternative is told what the first one says."""
    kind: Any = error.kind  # each kind has members of its own
    if kind.name in _ALTERNATIVES and kind.context[0]:
        for cause in kind.context[0]:
            yield from _causes(cause)
    elif kind.name == "required":
        yield [*error.instance_path, kind.property], error
    else:
        yield error.instance_path, error


def _plant(tree: dict[str, Any], path: list[str], told: InvalidInput) -> None:
    *parents, name = path
    node: Any = tree
    for parent in parents:
        node = node.setdefault(parent, {})
        if isinstance(node, InvalidInput):
            return
    if not isinstance(node.get(name), InvalidInput):
        node[name] = told


def _nested(tree: Mapping[str, Any]) -> FieldErrors:
    return FieldErrors(
        {
            name: told if isinstance(told, InvalidInput) else _nested(told)
            for name, told in tree.items()
        }
    )
