"""What a unit of work tracks, and what it writes."""

from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from domain.orders.orders import Order
from persistence.engine.engines import Engines
from persistence.orders.aggregate import ORDER
from persistence.orders.discounts import discount_items
from persistence.orders.orders import orders
from persistence.sql.work import Work
from tests.support.builders import make_request

Statements = list[tuple[str, Any]]


class TestSavepoint:
    def test_tracks_nothing_after_an_error(
        self, work: Work, loaded: Order, statements: Statements
    ) -> None:
        def fail() -> None:
            loaded.notes = "changed"
            work.flush()
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError), work.savepoint():
            fail()
        statements.clear()

        loaded.notes = "changed again"
        work.commit()

        assert statements == []
        [again] = work.load(ORDER, [loaded.pk])
        assert again.notes not in ("changed", "changed again")

    def test_allows_statements_after_an_error_of_the_database(
        self, work: Work, loaded: Order
    ) -> None:
        line = loaded.items[0]
        reason_pk = line.cancellation_requests[0].reason_pk
        with pytest.raises(IntegrityError), work.savepoint():
            line.cancellation_requests.append(make_request(reason_pk=reason_pk))

        [again] = work.load(ORDER, [loaded.pk])
        again.notes = "changed"
        work.commit()

        assert len(again.items[0].cancellation_requests) == 2

    def test_writes_earlier_changes_first(self, work: Work, loaded: Order) -> None:
        loaded.notes = "changed"
        with pytest.raises(ZeroDivisionError), work.savepoint():
            raise ZeroDivisionError

        [again] = work.load(ORDER, [loaded.pk])
        assert again.notes == "changed"


class TestRelease:
    def test_writes_earlier_changes_and_no_later_ones(self, work: Work, loaded: Order) -> None:
        loaded.notes = "changed"
        work.release()
        loaded.notes = "changed again"

        [again] = work.load(ORDER, [loaded.pk])
        assert again.notes == "changed"


class TestReading:
    def test_writes_nothing(self, engines: Engines, order: Order) -> None:
        reading = Work(engines.autocommit, is_writing=False, is_transaction=False)
        with closing(reading) as work:
            [loaded] = work.load(ORDER, [order.pk])
            loaded.notes = "changed"

            with pytest.raises(RuntimeError, match="changes nothing"):
                work.flush()
            with pytest.raises(RuntimeError, match="changes nothing"):
                work.scalar(sa.select(orders.c.notes))
            with pytest.raises(RuntimeError, match="changes nothing"):
                work.add(ORDER, order)

        with closing(Work(engines.writing)) as work:
            assert work.scalar(sa.select(orders.c.notes)) == order.notes

    def test_writes_no_changes_of_objects_that_were_read(
        self, work: Work, order: Order, statements: Statements
    ) -> None:
        [loaded] = work.read(ORDER, [order.pk])
        loaded.notes = "changed"
        statements.clear()

        work.commit()

        assert statements == []


class TestRemove:
    def test_removes_a_root_with_its_parts(self, work: Work, loaded: Order) -> None:
        loaded.notes = "changed"

        work.remove(ORDER, loaded)
        work.commit()

        assert work.load(ORDER, [loaded.pk]) == []
        assert work.scalars(sa.select(discount_items.c.pk)).all() == []
