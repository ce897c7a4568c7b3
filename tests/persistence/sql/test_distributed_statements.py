"""Every statement searches the rows of one user only, except for those listed here."""

import json
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from persistence import idempotency
from persistence.accounts import one_time_tokens
from persistence.cancellations import requests
from persistence.engine.engines import Engines
from persistence.orders import queries, seller_copying, seller_projection, versions
from persistence.privacy import retention
from persistence.sql.columns import BigId, metadata
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.distributed_tables import (
    LOCAL_TABLES,
    REFERENCE_TABLES,
    distributed_tables,
    distribution_column,
)
from tests.support import citus
from tests.support.bound_values import bound_values, stored_rows
from tests.support.distribution import parameters_of, unrestricted
from tests.support.every_statement import (
    every_statement,
    filled_tables,
    is_only_for_one_node,
    ours,
    tables_of,
)
from tests.support.stored import plan_of

Matches = Callable[[CompiledQuery], bool]


def one_of(*found: CompiledQuery) -> Matches:
    return lambda query: query in found


def has_parameters(*names: str) -> Matches:
    return lambda query: bool({*names} & parameters_of(query.statement))


_REMOVED = [*retention._REMOVE.values(), idempotency.REMOVE_OLD]  # noqa: SLF001
EXCEPTIONS: dict[str, Matches] = {
    "the user of a row, for an operator, who then names the user": one_of(
        queries._FIND_BY_ITEMS,  # noqa: SLF001
        queries._FIND_BY_PLAN,  # noqa: SLF001
        queries._FIND_BY_REQUEST,  # noqa: SLF001
    ),
    "for one node: others find a line by its copy, and delete without SKIP LOCKED": (
        one_of(queries._FIND_BY_SELLER, *(removed.on_one_node for removed in _REMOVED))  # noqa: SLF001
    ),
    "operators' lists of requests": one_of(
        requests._NUMBERS,  # noqa: SLF001
        *(
            statement(names)
            for statement in (requests._counted, requests._page)  # noqa: SLF001
            for names in ((), ("status",), ("order_pk",), ("status", "order_pk"))
        ),
    ),
    "deletes of old rows, in batches, and how many there are": one_of(
        *(removed.on_all_nodes for removed in _REMOVED),
        *retention._COUNT.values(),  # noqa: SLF001
    ),
    "links are looked up by token; few are revoked": one_of(one_time_tokens._REVOKE),  # noqa: SLF001
    "sessions of an earlier version, whose value does not have the user": lambda query: (
        "id_hash" in parameters_of(query.statement)
        and "user_pk" not in parameters_of(query.statement)
    ),
    "changes of many users' orders by commands and imports": one_of(
        *versions._RAISED.values(),  # noqa: SLF001
        versions._OF_SELLERS,  # noqa: SLF001
        seller_projection._ORDERS,  # noqa: SLF001
        seller_projection._LINES,  # noqa: SLF001
        seller_projection._COMPLETED_REFUNDS,  # noqa: SLF001
        seller_projection._STORED,  # noqa: SLF001
        seller_copying._sellers_of(),  # noqa: SLF001
    ),
    "addresses of imported documents": has_parameters("hashes"),
}
"""Statements that search all nodes, by the reason."""


def print_report() -> None:
    """Print what the first test checks, as JSON."""
    statements = ours(every_statement("postgresql", metadata.sorted_tables, is_distributed=True))
    searching = [query for query in statements if unrestricted(query.statement)]
    report = {
        "restricted": len(statements) - len(searching),
        "without reason": [
            [unrestricted(query.statement), str(query.statement)]
            for query in searching
            if not any(matches(query) for matches in EXCEPTIONS.values())
        ],
        "unused": [
            reason
            for reason, matches in EXCEPTIONS.items()
            if not any(matches(query) for query in searching)
        ],
    }
    sys.stdout.write(json.dumps(report))


def test_all_are_restricted_to_a_user_or_have_a_reason_not_to_be() -> None:
    # In a process of its own, where no test has made statements.
    code = f"from {__name__} import print_report; print_report()"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert ran.returncode == 0, ran.stderr

    report = json.loads(ran.stdout)

    assert report["without reason"] == []
    assert report["unused"] == []
    assert report["restricted"] > 100


@citus.only_distributed
@pytest.mark.usefixtures("filled")
def test_citus_runs_those_on_one_node(engines: Engines) -> None:
    """Its own plans agree with the check of the first test, statement by statement."""
    found = every_statement("postgresql", filled_tables(engines), is_distributed=True)
    queries = [
        query
        for query in ours(found)
        if any(distribution_column(table) is not None for table in tables_of(query))
        and not is_only_for_one_node(query)
    ]
    tasks = {query: tasks_of(engines, query) for query in queries}

    on_several = {query for query in queries if tasks[query] - {"1"}}
    assert [query.name for query in on_several if not unrestricted(query.statement)] == []
    assert [
        query.name for query in queries if unrestricted(query.statement) and query not in on_several
    ] == []
    assert len(queries) - len(on_several) > 500


def tasks_of(engines: Engines, query: CompiledQuery) -> set[str]:
    """Return the numbers of tasks of the plan; a statement of rows on every node has none."""
    compiled, statement = query.compiled(engines.writing.dialect), query.statement
    with engines.writing.connect() as connection:
        if isinstance(statement, sa.Insert) and not statement.exported_columns:
            values = stored_rows(connection, statement)[0]
        else:
            bound = bound_values(connection, statement)
            # Lists have one value: a list of users may name several nodes.
            values = {k: v[:1] if isinstance(v, list) else v for k, v in bound.items()}
    plan = plan_of(engines, compiled.sql, compiled.parameters(values))
    return set(re.findall(r"Task Count: (\d+)", plan))


def test_every_table_is_stored_in_one_of_three_ways() -> None:
    distributed = {table.name for table in distributed_tables()}

    assert distributed | REFERENCE_TABLES | LOCAL_TABLES == metadata.tables.keys()
    assert all(distribution_column(table) is not None for table in distributed_tables())


class TestUnrestricted:
    """The check itself: it finds what it has to find."""

    rows = sa.Table(
        "order_items", sa.MetaData(), sa.Column("pk", BigId), sa.Column("user_pk", BigId)
    )
    others = sa.Table("orders", sa.MetaData(), sa.Column("pk", BigId), sa.Column("user_pk", BigId))
    user = sa.bindparam("user_pk", type_=BigId)

    @pytest.mark.parametrize("case", ["join", "subquery", "in"])
    def test_accepts_a_condition_that_reaches_every_table(self, case: str) -> None:
        rows, others, user = self.rows, self.others, self.user
        own = sa.select(rows.c.pk).where(rows.c.user_pk == user)
        statement = {
            "join": sa.select(rows.c.pk)
            .join(others, rows.c.user_pk == others.c.user_pk)
            .where(others.c.user_pk == user),
            "subquery": sa.select(own.subquery()),
            "in": sa.select(others.c.pk).where(others.c.user_pk == user, others.c.pk.in_(own)),
        }[case]

        assert unrestricted(statement) == []

    @pytest.mark.parametrize("case", ["or", "join", "correlated", "subquery", "update", "insert"])
    def test_finds_a_table_without_one(self, case: str) -> None:
        rows, others, user = self.rows, self.others, self.user
        statement = {
            "or": sa.select(rows.c.pk).where(sa.or_(rows.c.user_pk == user, rows.c.pk == 1)),
            "join": sa.select(rows.c.pk)
            .join(others, rows.c.pk == others.c.pk)
            .where(others.c.user_pk == user),
            "subquery": sa.select(others.c.pk).where(
                others.c.user_pk == user, others.c.pk.in_(sa.select(rows.c.pk))
            ),
            "correlated": sa.select(
                sa.select(rows.c.pk)
                .where(rows.c.user_pk == others.c.user_pk)
                .correlate(others)
                .scalar_subquery()
            )
            .select_from(others)
            .where(others.c.user_pk == user),
            "update": sa.update(rows).where(rows.c.pk == 1).values(pk=2),
            "insert": sa.insert(rows).values(pk=2),
        }[case]

        assert unrestricted(statement) == ["order_items"]
