"""Names of statements for traces: where a statement is declared, and what distinguishes it there.

A statement of a module has the name of its variable: `_OWN` is `orders.queries.own`. A statement
that a function makes has the name of the function with its arguments, such as
`orders.queries.page(user_pk)`; if an argument has no name, the calling function names it. A name
never contains a value of a request, since statements are made before they get values.
"""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import FrameType
from typing import Any

import sqlalchemy as sa

# In an installed package, the room may be below another package.
_ROOM = __name__.removesuffix("sql.statement_names")
_MODULE = "<module>"
_HERE = (__name__, f"{_ROOM}sql.compiled_query")


class Declaration:
    """Where an object is being made. Its name is looked up when it is first needed."""

    def __init__(self) -> None:
        frames = list(_frames(sys._getframe(1)))  # noqa: SLF001 - the documented way to the caller
        self._module = _module_of(frames)
        self._called = next(filter(None, map(_called, frames)), "")

    def name_of(self, declared: object) -> str:
        """The name of ``declared``, the object that was being made."""
        if self._module:
            variables = vars(sys.modules[self._module])
            for variable in variables:
                if (place := _place(variables[variable], declared)) is not None:
                    return f"{_short(self._module)}.{variable.strip('_').lower()}{place}"
        return self._called


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames of this room from ``frame`` outward, without those of this file."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module not in _HERE:
            if not module.startswith(_ROOM):
                return
            yield frame
        frame = frame.f_back


def _module_of(frames: list[FrameType]) -> str:
    """The module whose import makes the object; empty for one that is made later."""
    for frame in frames:
        if frame.f_code.co_name == _MODULE:
            return str(frame.f_globals["__name__"])
    return ""


def _place(value: object, declared: object) -> str | None:
    """Where ``declared`` is in the value of a variable: itself, or an item; None if it is not."""
    if value is declared:
        return ""
    if isinstance(value, Mapping):
        keys = (key for key, item in value.items() if item is declared)
        return next((f"[{describe(key)}]" for key in keys), None)
    return None


def _called(frame: FrameType) -> str | None:
    """The function of a frame with its arguments; None if they have no names."""
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    names = code.co_varnames[:count]
    arguments = [describe(frame.f_locals[name]) for name in names if name in frame.f_locals]
    if None in arguments:
        return None
    name = f"{_short(frame.f_globals['__name__'])}.{code.co_name.strip('_')}"
    return f"{name}({','.join(filter(None, arguments))})"


def _short(module: str) -> str:
    return module.removeprefix(_ROOM)


def describe(value: object) -> str | None:
    """A short text for an argument of a function that makes a statement.

    It is the value of a text or number, the name of an object or of its table, or the texts of its
    items or fields; None if it has none of these.
    """
    match value:
        case Enum():
            return value.name.lower()
        case str():
            return value
        case None | bool() | int():
            return str(value).lower()
        case Collection():
            return _joined(value)
    return _name_of(value)


def _joined(values: Iterable[object]) -> str | None:
    texts = [describe(value) for value in values]
    return None if None in texts else "+".join(filter(None, texts))


def _name_of(value: object) -> str | None:
    named: Any = value
    if isinstance(value, type):
        return value.__name__
    if isinstance(getattr(value, "name", None), str):
        return str(named.name)
    if isinstance(getattr(value, "table", None), sa.Table):
        return str(named.table.name)
    if is_dataclass(value):
        return _joined(getattr(value, member.name) for member in fields(value))
    return None
