"""All validation errors of a body at once, by field and nested as in the body."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from domain.shared.errors import FieldErrors, InvalidInput
from handlers.http.messages import refusal

_ALTERNATIVES = ("anyOf", "oneOf")
# An error takes some 20 µs to find, and a body may hold 10,000 values. No valid list is as long, so
# what is cut off is invalid anyway.
_LONGEST_LIST = 1000
# No body is as deep; nothing validates what lies deeper.
_DEPTH = 20

Path = Sequence[str | int]


def describe_errors(validator: Draft202012Validator, document: Any) -> InvalidInput:
    """The refusal of an invalid document: of the whole document where that is invalid, else
    FieldErrors.
    """
    errors = validator.iter_errors(_shortened(document))
    return combine_errors(
        (path, refusal(cause, None)) for error in errors for path, cause in _causes(error)
    )


def combine_errors(errors: Iterable[tuple[Path, InvalidInput]]) -> InvalidInput:
    """One refusal of all; an error on an object replaces errors on its fields."""
    tree: dict[str, Any] = {}
    for path, error in errors:
        if not path:
            return error
        _insert(tree, [str(part) for part in path], error)
    return _nested(tree) if tree else InvalidInput()


def _shortened(value: Any, depth: int = _DEPTH) -> Any:
    """The value with its lists cut off where they are too long anyway."""
    if depth and isinstance(value, dict):
        return {key: _shortened(member, depth - 1) for key, member in value.items()}
    if depth and isinstance(value, list):
        return [_shortened(item, depth - 1) for item in value[: _LONGEST_LIST + 1]]
    return value


def _causes(error: ValidationError) -> Iterator[tuple[Path, ValidationError]]:
    """The errors by path; for a value that fits no alternative, those of the first one."""
    kind: Any = error.kind  # its members depend on the kind
    if kind.name in _ALTERNATIVES and kind.context[0]:
        for cause in kind.context[0]:
            yield from _causes(cause)
    elif kind.name == "required":
        yield [*error.instance_path, kind.property], error
    else:
        yield error.instance_path, error


def _insert(tree: dict[str, Any], path: list[str], error: InvalidInput) -> None:
    *parents, name = path
    node: Any = tree
    for parent in parents:
        node = node.setdefault(parent, {})
        if isinstance(node, InvalidInput):
            return
    if not isinstance(node.get(name), InvalidInput):
        node[name] = error


def _nested(tree: Mapping[str, Any]) -> FieldErrors:
    return FieldErrors(
        {
            name: node if isinstance(node, InvalidInput) else _nested(node)
            for name, node in tree.items()
        }
    )
