from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from domain.users import User
from persistence.database import Database
from persistence.engines import Engines, connect
from persistence.questions import Row, Spelled
from tests.persistence.stored import store_user


@pytest.fixture
def shopper(database: Database) -> User:
    return store_user(database)


@pytest.fixture
def engines(database_url: str) -> Iterator[Engines]:
    """A way to the test's database beside the one that is tested."""
    engines = connect(database_url, pool_size=5)
    yield engines
    engines.writing.dispose()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    """All statements that are sent from here on, with their parameters."""
    sent: list[tuple[str, Any]] = []

    def record(*args: Any) -> None:
        sent.append((args[2], args[3]))

    ask = Spelled.rows

    def record_question(
        spelled: Spelled, connection: sa.Connection, values: Mapping[str, Any]
    ) -> list[Row]:
        sent.append((spelled.sql, spelled.parameters(values)))
        return ask(spelled, connection, values)

    monkeypatch.setattr(Spelled, "rows", record_question)
    event.listen(sa.Engine, "before_cursor_execute", record)
    yield sent
    event.remove(sa.Engine, "before_cursor_execute", record)
