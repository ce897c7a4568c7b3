"""Hypothesis strategies for the entities of components, from the annotations of their classes."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from tests.support.rendered_documents import assign_ids

_TEXT = st.text(max_size=8)
_JSON = st.dictionaries(_TEXT, st.none() | st.booleans() | st.integers(-5, 5) | _TEXT, max_size=2)
_TRANSLATIONS = st.dictionaries(
    st.sampled_from(["en-us", "tr-tr", "de-de"]),
    st.dictionaries(st.sampled_from(["name", "subject"]), _TEXT),
    max_size=2,
)
_SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    # Sums of amounts have to fit into 64 bits.
    int: st.integers(0, 10**6) | st.integers(0, 2**55),
    datetime: st.datetimes(timezones=st.just(UTC)),
    Mapping: _JSON,
    Any: _JSON,
}
# A refund of discounts is split by their amounts, so these can't all be 0. Plans are not rendered.
_BY_NAME: dict[str, dict[Any, st.SearchStrategy[Any]]] = {
    "amount": {int: st.integers(1, 10**9)},
    "cancellation_plans": {list: st.lists(st.nothing())},
    "translations": {Mapping: _TRANSLATIONS},
}


def entities(kind: type) -> st.SearchStrategy[Any]:
    """Entities of this class; they and their parts have ids as if they were stored."""
    return _built(kind).map(_with_ids)


def _with_ids(entity: Any) -> Any:
    assign_ids(entity)
    return entity


@cache
def _built(kind: type) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind) if field.init]
    values = {name: _value(hints[name], _SIMPLE | _BY_NAME.get(name, {})) for name in names}
    return st.fixed_dictionaries(values).map(lambda drawn: kind(**drawn))


def _value(hint: Any, simple: Mapping[Any, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """A strategy for the annotation; ``simple`` has the strategies of plain types."""
    if isinstance(hint, type) and is_dataclass(hint):
        return _built(hint)
    origin, parts = get_origin(hint) or hint, get_args(hint)
    if origin in simple:
        return simple[origin]
    if origin in {list, tuple, Sequence}:
        items = st.lists(_value(parts[0], simple), max_size=2)
        return items.map(tuple) if origin is tuple else items
    if parts:
        return st.one_of([_value(part, simple) for part in reversed(parts)])
    return st.from_type(hint)
