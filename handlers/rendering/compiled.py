"""Compiles rendering to Python: one function per component, equivalent to its schema's dump.

The source text of a function contains names of the contract's properties and of attributes that
sources read, and never a value of an entity. Sources, fields and the functions of nested
components are bound to generated names. Tracebacks show the lines of the source text.
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
# Fields that return values of exactly this type unchanged.
_READY: dict[type[_Field], str] = {fields.String: "str", fields.Integer: "int"}
# Serializers of fields that need only the value.
_TEXTS: dict[type[_Field], Callable[[Any], str]] = {Moment: Moment.text, fields.UUID: str}
_IDENTITY = fields.Field._serialize  # noqa: SLF001 - marshmallow's, like those below
_numbers = count(1)


def compile_rendering(schema: Document) -> Render:
    """A function that returns what ``schema.dump`` would, including nested components.

    Only sources of the schema's `optional` fields may return `missing`. Fields must have no
    data_key, default or hook of their own.
    """
    return _Component(schema, {}).compile()


class _Component:
    """Source text of the function of one component, and the names that it uses."""

    def __init__(self, schema: Document, compiled: dict[type[Document], Render]) -> None:
        self._schema = schema
        self._compiled = compiled
        self._names: dict[str, Any] = {"missing": missing}

    def compile(self) -> Render:
        text = "\n".join(self._lines()) + "\n"
        filename = f"<rendering {next(_numbers)} of {type(self._schema).__name__}>"
        # Without a modification time, linecache does not check whether such a file exists.
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        exec(compile(text, filename, "exec"), self._names)  # noqa: S102 - of contract and code alone
        return cast(Render, self._names["render"])

    def _lines(self) -> Iterator[str]:
        """A dict display of all fields before the first optional one, then one line per field."""
        names, optional = list(self._schema.dump_fields), self._schema.optional
        first = next((at for at, name in enumerate(names) if name in optional), len(names))
        yield "def render(entity, rendering):"
        yield "    document = {"
        for name in names[:first]:
            yield f"        {name!r}: {self._output(name, self._input(name))},"
        yield "    }"
        for name in names[first:]:
            if name in optional:
                yield f"    if (result := {self._input(name)}) is not missing:"
                yield f"        document[{name!r}] = {self._output(name, 'result')}"
            else:
                yield f"    document[{name!r}] = {self._output(name, self._input(name))}"
        yield "    return document"

    def _input(self, name: str) -> str:
        """The expression that reads field ``name`` from its source."""
        source = self._schema.readers[name]
        if isinstance(source, Attribute) and all(map(_is_plain, source.path.split("."))):
            return f"entity.{source.path}"
        return f"{self._bind('source', name, source)}(entity, rendering)"

    def _output(self, name: str, expression: str) -> str:
        """The expression that serializes the value of ``expression``."""
        field = self._schema.dump_fields[name]
        kind, serialize = type(field), field._serialize  # noqa: SLF001
        if kind._serialize is _IDENTITY:  # noqa: SLF001
            return expression
        is_none = f"(value := {expression}) is None"
        if isinstance(field, fields.Nested):
            return f"None if {is_none} else {self._nested(name, field)}(value, rendering)"
        if isinstance(field, fields.List) and isinstance(field.inner, fields.Nested):
            render = self._nested(name, field.inner)
            item = f"None if item is None else {render}(item, rendering)"
            return f"None if {is_none} else [{item} for item in value]"
        if text := _TEXTS.get(kind):
            return f"None if {is_none} else {self._bind('text', name, text)}(value)"
        write = f"{self._bind('write', name, serialize)}(value, {name!r}, entity)"
        if ready := _READY.get(kind):
            return f"value if {is_none} or value.__class__ is {ready} else {write}"
        return f"None if {is_none} else {write}"

    def _nested(self, name: str, field: fields.Nested) -> str:
        """The name of the function that renders a nested component, compiled once per schema."""
        kind = cast(type[Document], field.nested)
        if kind not in self._compiled:
            self._compiled[kind] = _Component(kind(), self._compiled).compile()
        return self._bind("render", name, self._compiled[kind])

    def _bind(self, role: str, name: str, value: Callable[..., Any]) -> str:
        """Bind ``value`` to a name for its role for field ``name``; return the name."""
        suffix = name if _is_plain(name) else str(list(self._schema.dump_fields).index(name))
        self._names[f"{role}_{suffix}"] = value
        return f"{role}_{suffix}"


def _is_plain(name: str) -> bool:
    """Whether ``name`` can be an attribute in source text; Python normalizes non-ASCII names."""
    return name.isascii() and name.isidentifier() and not iskeyword(name)
