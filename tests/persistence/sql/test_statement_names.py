"""Statements have names for traces: stable, and without any value.

That all are unique is checked at the end of each run, over the statements of all its tests
(`tests/conftest.py`).
"""

from enum import Enum

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from persistence.orders.aggregate import ORDER
from persistence.orders.orders import orders
from persistence.orders.queries import _counted, _lock_by_items, _page
from persistence.sql.aggregates import View
from persistence.sql.compiled_query import CompiledQuery, registered
from persistence.sql.keys import _highest
from persistence.sql.load_plans import load_plan
from persistence.sql.statement_names import describe
from tests.support.statement_names import ambiguous_names

OUTSIDE = CompiledQuery(sa.select(sa.literal(1)))


def test_statements_of_a_module_are_named_by_their_variables() -> None:
    names = {query.name for query in registered()}

    assert names >= {"orders.queries.own", "orders.queries.latest", "idempotency.set_timeout"}
    assert {"orders.versions.raised[Order]", "orders.versions.raised[OldOrder]"} <= names


@pytest.mark.parametrize(
    ("query", "name"),
    [
        (_counted(()), "orders.queries.counted()"),
        (_page(("user_pk", "search")), "orders.queries.page(user_pk+search)"),
        (_highest(orders), "sql.keys.highest(orders)"),
        (_lock_by_items(("pk",)), "orders.queries.lock_by_items(pk)"),
        (load_plan(ORDER, View.STATE).blocks[0].by_owners, "load.orders.state"),
    ],
)
def test_statements_of_a_function_are_named_by_its_arguments(
    query: CompiledQuery, name: str
) -> None:
    assert query.name == name


def test_statements_outside_persistence_have_no_name() -> None:
    assert OUTSIDE.name == ""


def test_a_name_can_be_set() -> None:
    assert CompiledQuery(sa.select(sa.literal(1)), "one").name == "one"


class Colour(Enum):
    DARK_RED = 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Colour.DARK_RED, "dark_red"),
        (True, "true"),
        (None, "none"),
        (("a", ("b", None)), "a+b+none"),
        (orders, "orders"),
        (ORDER, "orders"),
        (dict, "dict"),
        (object(), None),
        ((orders, object()), None),
    ],
)
def test_arguments_have_a_short_text(value: object, text: str | None) -> None:
    assert describe(value) == text


def test_ambiguous_names_are_found() -> None:
    statements = [sa.select(sa.literal(1)), sa.select(sa.literal(1), sa.literal(2))]
    queries = [CompiledQuery(statement, "twice") for statement in statements]
    for query in queries:
        query.compiled(sqlite.dialect())

    assert set(ambiguous_names(queries)) == {"twice on sqlite"}
    assert ambiguous_names([queries[0], queries[0]]) == {}
