from contextlib import closing
from threading import Barrier, Thread

import sqlalchemy as sa

from domain.accounts.users import User
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.products import products
from persistence.orders.snapshots import store_snapshots
from persistence.sql.work import Work
from tests.support.builders import make_item, make_order, make_product


class TestKeepSnapshots:
    def test_stores_each_content_once(self, engines: Engines) -> None:
        one, same, other = make_product(), make_product(), make_product(sku="other")

        with closing(Work(engines.writing)) as work:
            pks = store_snapshots(work, [one, same, other])
            again = store_snapshots(work, [other])

        assert pks.keys() == {one.content_hash, other.content_hash}
        assert again == {other.content_hash: pks[other.content_hash]}

    def test_of_no_snapshots_runs_no_statement(
        self, engines: Engines, statements: list[tuple[str, object]]
    ) -> None:
        with closing(Work(engines.writing)) as work:
            assert store_snapshots(work, []) == {}

        assert statements == []

    def test_two_writers_of_equal_content_do_not_conflict(
        self, database: Database, engines: Engines, shopper: User
    ) -> None:
        both_have_begun = Barrier(2)

        def write(number: str) -> None:
            items = [make_item(product=make_product(sku="new"))]
            order = make_order(user_pk=shopper.pk, number=number, items=items)
            both_have_begun.wait()
            with database.writing() as uow:
                uow.orders.add(order)
                uow.commit()

        writers = [Thread(target=write, args=(number,)) for number in ("A", "B")]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

        with engines.autocommit.connect() as connection:
            assert connection.execute(sa.select(sa.func.count(products.c.pk))).scalar_one() == 1
            owners = sa.text("SELECT count(*) FROM orders")
            assert connection.execute(owners).scalar_one() == 2
