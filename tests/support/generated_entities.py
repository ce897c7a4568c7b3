"""Any entities that a component can be rendered from, made of the annotations of their classes."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from tests.support.rendered_documents import number

_TEXT = st.text(max_size=8)
_JSON = st.dictionaries(_TEXT, st.none() | st.booleans() | st.integers(-5, 5) | _TEXT, max_size=2)
_TRANSLATIONS = st.dictionaries(
    st.sampled_from(["en-us", "tr-tr", "de-de"]),
    st.dictionaries(st.sampled_from(["name", "subject"]), _TEXT),
    max_size=2,
)
_SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    # Amounts are added up, and sums have to fit into 64 bits.
    int: st.integers(0, 10**6) | st.integers(0, 2**55),
    datetime: st.datetimes(timezones=st.just(UTC)),
    Mapping: _JSON,
    Any: _JSON,
}
# A refund of discounts is shared among their amounts: all of 0 can't have a part of it. Plans are
# not shown.
_BY_NAME: dict[str, dict[Any, st.SearchStrategy[Any]]] = {
    "amount": {int: st.integers(1, 10**9)},
    "cancellation_plans": {list: st.lists(st.nothing())},
    "translations": {Mapping: _TRANSLATIONS},
}


def entities(kind: type) -> st.SearchStrategy[Any]:
    """Entities of this class that were stored: with ids, as have all their parts."""
    return _built(kind).map(_numbered)


def _numbered(entity: Any) -> Any:
    number(entity)
    return entity


@cache
def _built(kind: type) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    given = [each.name for each in fields(kind) if each.init]
    values = {name: _value(hints[name], _SIMPLE | _BY_NAME.get(name, {})) for name in given}
    return st.fixed_dictionaries(values).map(lambda drawn: kind(**drawn))


def _value(hint: Any, simple: Mapping[Any, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """What the annotation allows; ``simple`` has the strategies of plain types."""
    if isinstance(hint, type) and is_dataclass(hint):
        return _built(hint)
    origin, parts = get_origin(hint) or hint, get_args(hint)
    if origin in simple:
        return simple[origin]
    if origin in {list, tuple, Sequence}:
        of_each = st.lists(_value(parts[0], simple), max_size=2)
        return of_each.map(tuple) if origin is tuple else of_each
    if parts:
        return st.one_of([_value(part, simple) for part in reversed(parts)])
    return st.from_type(hint)
