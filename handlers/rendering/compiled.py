"""Rendering compiled to Python: one function for each component does what its schema does.

The source text of a function consists of the names of the contract's properties and of the
attributes that sources name; no value of an entity is part of it. Sources, fields and the
functions of nested components are called by names of its own. A traceback shows its lines.
"""

import linecache
from collections.abc import Callable, Iterator
from itertools import count
from keyword import iskeyword
from typing import Any, cast

from marshmallow import fields, missing

from handlers.contract.operations.marshmallow_schemas import Attribute, Document, Moment, Rendering

Render = Callable[[Any, Rendering], dict[str, Any]]

_Field = fields.Field[Any]
# Fields that give values of exactly these types as they are.
_READY: dict[type[_Field], str] = {fields.String: "str", fields.Integer: "int"}
# What fields do with a value, where it takes nothing but the value.
_TEXTS: dict[type[_Field], Callable[[Any], str]] = {Moment: Moment.text, fields.UUID: str}
_AS_IS = fields.Field._serialize  # noqa: SLF001 - of marshmallow's; so are those below
_numbers = count(1)


def compile_rendering(schema: Document) -> Render:
    """The function that gives what ``schema`` dumps, for components of any depth.

    Only the schema's `optional` fields may be left out by their sources. Fields have no more than
    a name: no key, default or hook of their own.
    """
    return _Component(schema, {}).compile()


class _Component:
    """The source text of one component's function, and the names that it uses."""

    def __init__(self, schema: Document, made: dict[type[Document], Render]) -> None:
        self._schema = schema
        self._made = made
        self._names: dict[str, Any] = {"missing": missing}

    def compile(self) -> Render:
        text = "\n".join(self._lines()) + "\n"
        filename = f"<rendering {next(_numbers)} of {type(self._schema).__name__}>"
        # Without a time of change, linecache never looks for a file of this name.
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        exec(compile(text, filename, "exec"), self._names)  # noqa: S102 - of contract and code alone
        return cast(Render, self._names["render"])

    def _lines(self) -> Iterator[str]:
        """One display of all fields up to the first that may be left out, then one by one."""
        names, optional = list(self._schema.dump_fields), self._schema.optional
        first = next((at for at, name in enumerate(names) if name in optional), len(names))
        yield "def render(entity, rendering):"
        yield "    document = {"
        for name in names[:first]:
            yield f"        {name!r}: {self._written(name, self._read(name))},"
        yield "    }"
        for name in names[first:]:
            if name in optional:
                yield f"    if (found := {self._read(name)}) is not missing:"
                yield f"        document[{name!r}] = {self._written(name, 'found')}"
            else:
                yield f"    document[{name!r}] = {self._written(name, self._read(name))}"
        yield "    return document"

    def _read(self, name: str) -> str:
        """The expression of what the source of field ``name`` gives."""
        source = self._schema.readers[name]
        if isinstance(source, Attribute) and all(map(_is_plain, source.path.split("."))):
            return f"entity.{source.path}"
        return f"{self._called('source', name, source)}(entity, rendering)"

    def _written(self, name: str, read: str) -> str:
        """The expression of what the document shows of what ``read`` gives."""
        field = self._schema.dump_fields[name]
        kind, serialize = type(field), field._serialize  # noqa: SLF001
        if kind._serialize is _AS_IS:  # noqa: SLF001
            return read
        is_none = f"(value := {read}) is None"
        if isinstance(field, fields.Nested):
            return f"None if {is_none} else {self._nested(name, field)}(value, rendering)"
        if isinstance(field, fields.List) and isinstance(field.inner, fields.Nested):
            render = self._nested(name, field.inner)
            each = f"None if each is None else {render}(each, rendering)"
            return f"None if {is_none} else [{each} for each in value]"
        if text := _TEXTS.get(kind):
            return f"None if {is_none} else {self._called('text', name, text)}(value)"
        write = f"{self._called('write', name, serialize)}(value, {name!r}, entity)"
        if ready := _READY.get(kind):
            return f"value if {is_none} or value.__class__ is {ready} else {write}"
        return f"None if {is_none} else {write}"

    def _nested(self, name: str, field: fields.Nested) -> str:
        """The name of the function that renders a part; it is made once for all its places."""
        kind = cast(type[Document], field.nested)
        if kind not in self._made:
            self._made[kind] = _Component(kind(), self._made).compile()
        return self._called("render", name, self._made[kind])

    def _called(self, role: str, name: str, value: Callable[..., Any]) -> str:
        """The name by which the function calls what has this role for field ``name``."""
        suffix = name if _is_plain(name) else str(list(self._schema.dump_fields).index(name))
        self._names[f"{role}_{suffix}"] = value
        return f"{role}_{suffix}"


def _is_plain(name: str) -> bool:
    """Whether source text can name an attribute so; Python changes other letters than ASCII's."""
    return name.isascii() and name.isidentifier() and not iskeyword(name)
