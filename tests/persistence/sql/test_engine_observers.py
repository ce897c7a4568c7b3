"""Statements that SQLAlchemy runs are observed as well."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from persistence.accounts.users import users
from persistence.engine.engines import Engines, Pool, connect
from persistence.orders.orders import orders
from persistence.sql.compiled_query import Execution
from persistence.sql.engine_observers import observe_engine


@pytest.fixture
def observed(engines: Engines) -> list[Execution]:
    """The statements of ``engines`` from now on."""
    observed: list[Execution] = []
    for engine in engines.bases:
        observe_engine(engine, observed.append)
    return observed


@pytest.mark.parametrize("kind", ["writing", "autocommit", "snapshot", "cache_writer"])
def test_each_engine_reports_a_statement_once(
    engines: Engines, observed: list[Execution], kind: str
) -> None:
    engine: sa.Engine = getattr(engines, kind)
    with engine.connect() as connection:
        observed.clear()
        connection.execute(sa.select(users.c.pk, orders.c.pk).join_from(users, orders))
        if kind != "snapshot":  # it only reads
            connection.execute(sa.update(users).values(last_name="secret").where(sa.false()))
        connection.execute(sa.text("SELECT 1"))

    names = [execution.name for execution in observed if execution.name not in {"pragma", "begin"}]
    changes = [] if kind == "snapshot" else ["update users"]
    assert names == ["select users orders", *changes, "select"]
    assert all(execution.began <= execution.ended for execution in observed)
    assert all(execution.error is None for execution in observed)


def test_a_failed_statement_is_reported_with_its_error(
    engines: Engines, observed: list[Execution]
) -> None:
    with engines.autocommit.connect() as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(sa.select(sa.literal_column("no_such_column")).select_from(users))

    [execution] = [execution for execution in observed if execution.error is not None]
    assert execution.error is raised.value.orig
    assert (execution.name, execution.rows) == ("select users", 0)


def test_a_failed_connection_is_not_reported() -> None:
    engines = connect("sqlite:////proc/none", Pool(1))
    observed: list[Execution] = []
    observe_engine(engines.autocommit, observed.append)

    with pytest.raises(DBAPIError):
        engines.autocommit.connect()
    assert [execution.error for execution in observed if execution.sql] == []
