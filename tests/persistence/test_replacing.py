from typing import Any

import pytest
import sqlalchemy as sa

from persistence.database import Database
from persistence.engine.engines import Pool, connect
from persistence.orders.orders import orders
from tests.conftest import MakeUrl
from tests.support.fakes import fake_renderers
from tests.support.stored import store_order, store_user

USER = {
    "pk": 42,
    "email": "elif@example.com",
    "email_key": "elif@example.com",
    "user_type": "registered",
    "first_name": "Elif",
    "last_name": "Kaya",
    "is_active": True,
    "created_date": "2026-03-05T12:00:00Z",
}


@pytest.fixture
def made(make_url: MakeUrl) -> Any:
    """A database whose tables were created without migrations, and its URL."""
    url = make_url()
    database = Database(url, renderers=fake_renderers())
    database.create_tables()
    yield database, url
    database.close()


def versions(url: str) -> list[int]:
    engines = connect(url, Pool(1))
    with engines.autocommit.connect() as connection:
        versions = list(connection.scalars(sa.select(orders.c.version)))
    engines.dispose()
    return versions


class TestMakeTables:
    def test_creates_the_tables_of_this_release(self, made: Any) -> None:
        database, _ = made

        database.require_schema()
        with database.reading() as uow:
            assert uow.users.is_empty()


class TestReplaceRows:
    def test_replaces_all_rows(self, made: Any) -> None:
        database, url = made
        store_order(database, user_pk=store_user(database).pk)

        database.replace_rows({"users": [USER]})

        assert versions(url) == []
        with database.reading() as uow:
            user = uow.users.by_email_key("elif@example.com", "registered")
        assert user is not None
        assert user.pk == 42

    def test_derives_the_same_uuid_each_time(self, made: Any) -> None:
        database, _ = made
        uuids = set()
        for _ in range(2):
            database.replace_rows({"users": [USER]})
            with database.reading() as uow:
                uuids.add(uow.users.by_email_key("elif@example.com", "registered").uuid)

        assert len(uuids) == 1

    @pytest.mark.parametrize("rows", [{"user": [USER]}, {"users": [USER | {"age": 42}]}])
    def test_refuses_unknown_tables_and_columns(self, made: Any, rows: Any) -> None:
        database, _ = made

        with pytest.raises(KeyError):
            database.replace_rows(rows)


class TestRenderAnew:
    def test_raises_all_versions(self, made: Any) -> None:
        database, url = made
        store_order(database, user_pk=store_user(database).pk)
        [before] = versions(url)

        database.expire_documents()

        [after] = versions(url)
        assert after > before
