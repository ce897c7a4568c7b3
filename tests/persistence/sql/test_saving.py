import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings

from domain.accounts.users import User
from domain.imports.documents import ImportResult, read_old_order, read_order
from domain.imports.parts import SnapshotPool
from domain.orders.cancellations import CancellationStatus
from domain.orders.orders import Order
from domain.orders.states import OrderState
from handlers.cli.ndjson import ParsedDocument
from persistence.cancellations.reasons import SqlCancellationReasons
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.aggregate import ORDER
from persistence.orders.cancellations import cancellation_requests
from persistence.orders.old_orders import OLD_ORDER
from persistence.orders.orders import orders
from persistence.sql import saving
from persistence.sql.aggregates import View
from persistence.sql.distributed_tables import copied_metadata
from persistence.sql.work import Work
from tests.support.builders import (
    make_image,
    make_item,
    make_order,
    make_product,
    make_request,
)
from tests.support.complete_orders import complete_order
from tests.support.documents import Document
from tests.support.entity_graphs import differing
from tests.support.imported_documents import old_order_documents, order_documents
from tests.support.order_changes import WRITES
from tests.support.stored import store_order

Statements = list[tuple[str, Any]]
anything = settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=False
)


def changes_of(statements: Statements) -> Iterator[str]:
    """Yield the statements, with those sent together one by one."""
    for text, _ in statements:
        yield from re.split(r"change_\d+ AS\s+\(", text)


def written(statements: Statements) -> list[str]:
    """Return the commands and tables of the statements that change anything, in their order."""
    commands = [text.split() for text in changes_of(statements)]
    changes = {"INSERT": 2, "UPDATE": 1, "DELETE": 2}
    return [f"{words[0]} {words[changes[words[0]]]}" for words in commands if words[0] in changes]


def without_user(statements: Statements) -> list[str]:
    """Return the updates and deletions that name no user, as a distributed database needs."""
    changes = [text for text in changes_of(statements) if text.startswith(("UPDATE", "DELETE"))]
    assert changes
    return [text for text in changes if "user_pk" not in text.partition("WHERE")[2]]


class TestUnchanged:
    """Saving loaded objects writes nothing, whatever document they were imported from."""

    @anything
    @given(document=order_documents())
    def test_writes_nothing_for_an_order(
        self, database: Database, engines: Engines, statements: Statements, document: Document
    ) -> None:
        parsed = ParsedDocument.of(document)
        imported = read_order(parsed.document, parsed.document_hash, SnapshotPool())
        with database.importing("import:tests") as imports:
            [answer] = imports.store_orders([imported])
            imports.commit()
        assert isinstance(answer, ImportResult), answer

        for view in View:
            with closing(Work(engines.writing)) as work:
                assert work.load(ORDER, [answer.pk], view)
                statements.clear()
                work.commit()
            assert statements == []

    @anything
    @given(document=old_order_documents())
    def test_writes_nothing_for_an_old_order(
        self, database: Database, engines: Engines, statements: Statements, document: Document
    ) -> None:
        parsed = ParsedDocument.of(document)
        with database.importing("import:tests") as imports:
            [answer] = imports.store_old_orders(
                [read_old_order(parsed.document, parsed.document_hash)]
            )
            imports.commit()
        assert isinstance(answer, ImportResult), answer

        with closing(Work(engines.writing)) as work:
            assert work.load(OLD_ORDER, [answer.pk])
            statements.clear()
            work.commit()
        assert statements == []

    @pytest.mark.parametrize("view", View)
    def test_writes_nothing_for_an_order_with_all_parts(
        self, work: Work, order: Order, statements: Statements, view: View
    ) -> None:
        work.load(ORDER, [order.pk], view)
        statements.clear()

        work.flush()

        assert statements == []

    def test_writes_nothing_after_it_was_saved(
        self, work: Work, loaded: Order, statements: Statements
    ) -> None:
        loaded.notes = "changed"
        work.flush()
        statements.clear()

        loaded.notes = "".join(["chan", "ged"])  # equal, but not identical
        work.flush()

        assert statements == []

    def test_writes_nothing_after_it_was_added(
        self, work: Work, shopper: User, order: Order, statements: Statements
    ) -> None:
        reason_pk = order.items[0].cancellation_requests[0].reason_pk
        new = complete_order(shopper.pk, reason_pk)
        for item, stored in zip(new.items, order.items, strict=True):
            item.seller = stored.seller
        new.cancellation_plans[0].seller = order.items[0].seller
        work.add(ORDER, new)
        work.flush()
        statements.clear()

        work.flush()

        assert statements == []


class TestChanges:
    @pytest.mark.parametrize(("change", "expected"), WRITES.values(), ids=WRITES.keys())
    def test_write_only_the_rows_that_differ(
        self,
        engines: Engines,
        work: Work,
        loaded: Order,
        statements: Statements,
        change: Callable[[Order], object],
        expected: list[str],
    ) -> None:
        change(loaded)
        statements.clear()
        work.commit()

        of_sellers = {"INSERT seller_orders", "INSERT seller_order_counts"}
        # A distributed database has copies of these.
        assert [
            statement
            for statement in written(statements)
            if statement not in of_sellers and statement.split()[1] not in copied_metadata.tables
        ] == expected

        with closing(Work(engines.writing)) as other:
            [again] = other.load(ORDER, [loaded.pk])
            assert list(differing(loaded, again)) == []

    def test_write_only_the_columns_that_differ(
        self, work: Work, loaded: Order, statements: Statements
    ) -> None:
        loaded.items[0].tracking_number, loaded.items[0].quantity = "T1", 9
        statements.clear()
        work.flush()

        [update] = [text for text in changes_of(statements) if text.startswith("UPDATE order_it")]
        changed = update.partition("WHERE")[0].count("=")
        assert changed == 2

    def test_raise_the_version_once_in_the_update_of_the_root(
        self, work: Work, loaded: Order, statements: Statements
    ) -> None:
        before = loaded.version
        loaded.state = OrderState.APPROVED
        loaded.items[0].tracking_number = "T1"
        loaded.discounts.clear()
        statements.clear()
        work.flush()

        counted = Counter(written(statements))
        stored = work.scalar(sa.select(orders.c.version).where(orders.c.pk == loaded.pk))
        assert counted["UPDATE orders"] == 1
        assert loaded.version == stored > before

    def test_raise_the_versions_of_several_roots_at_once(
        self, database: Database, work: Work, order: Order, shopper: User, statements: Statements
    ) -> None:
        other = store_order(database, user_pk=shopper.pk)
        both = work.load(ORDER, [order.pk, other.pk])
        before = {saved.pk: saved.version for saved in both}
        for saved in both:
            saved.items[0].tracking_number = "T1"
        statements.clear()
        work.flush()

        assert Counter(written(statements))["UPDATE orders"] == 1
        assert without_user(statements) == []
        stored = dict(work.execute(sa.select(orders.c.pk, orders.c.version)).all())
        assert stored == {saved.pk: saved.version for saved in both}
        assert all(stored[pk] > version for pk, version in before.items())

    def test_name_the_user_of_the_rows(
        self, work: Work, loaded: Order, statements: Statements
    ) -> None:
        loaded.state = OrderState.APPROVED
        loaded.items[0].tracking_number = "T1"
        loaded.items[0].easy_return_companies.pop()
        loaded.discounts.pop()
        statements.clear()
        work.flush()

        assert Counter(text.split()[0] for text in written(statements)) >= Counter(
            UPDATE=2, DELETE=2
        )
        assert without_user(statements) == []

    def test_raise_the_version_beside_a_root_without_one(self, work: Work, loaded: Order) -> None:
        reason_pk = loaded.items[0].cancellation_requests[0].reason_pk
        work.release()
        reason = SqlCancellationReasons(work).lock(reason_pk)
        assert reason is not None
        [again] = work.load(ORDER, [loaded.pk])
        before = again.version

        reason.is_active = False
        again.items[0].tracking_number = "T1"
        work.flush()

        stored = work.scalar(sa.select(orders.c.version).where(orders.c.pk == again.pk))
        assert again.version == stored > before

    def test_are_written_before_new_parts_of_their_table(self, work: Work, loaded: Order) -> None:
        """A line has one open request of a type, which is closed before the next one is opened."""
        line = loaded.items[0]
        line.cancellation_requests[1].status = CancellationStatus.REJECTED
        line.cancellation_requests.append(
            make_request(reason_pk=line.cancellation_requests[0].reason_pk)
        )

        work.flush()

        query = sa.select(cancellation_requests.c.status).order_by(cancellation_requests.c.pk)
        assert work.scalars(query).all() == ["completed", "rejected", "open"]

    def test_remove_the_parts_of_a_removed_line(self, work: Work, loaded: Order) -> None:
        loaded.cancellation_plans[0].items.clear()
        loaded.items.pop(0)

        work.flush()

        for parts in ORDER.all_parts:
            if parts.owner == "order_item_pk":
                left = sa.select(sa.func.count()).select_from(parts.table)
                assert work.scalar(left) == 0

    def test_reuse_stored_snapshots(
        self, work: Work, loaded: Order, statements: Statements
    ) -> None:
        same, product = make_product(sku="2", name=loaded.items[1].product.name), make_product()
        loaded.items[0].product, loaded.items[3].product = same, product
        work.flush()

        assert same.pk == loaded.items[1].product.pk
        assert loaded.items[0].product_pk == same.pk  # type: ignore[attr-defined]
        assert product.pk not in (same.pk, None)

    def test_include_parts_of_new_parts(self, work: Work, loaded: Order) -> None:
        request = make_request(
            reason_pk=loaded.items[0].cancellation_requests[0].reason_pk, images=[make_image()]
        )
        loaded.items.append(
            make_item(line=9, product=make_product(sku="9"), cancellation_requests=[request])
        )
        work.flush()

        [again] = work.load(ORDER, [loaded.pk], View.SHOWN)
        assert [stored.pk for stored in again.items[-1].cancellation_requests] == [request.pk]
        assert len(again.items[-1].cancellation_requests[0].images) == 1


def test_the_version_of_a_new_order_is_the_current_time(
    work: Work, shopper: User, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "new_version", lambda: 2**52)
    new = make_order(user_pk=shopper.pk, payment_option=order.payment_option)
    work.add(ORDER, new)
    work.flush()

    assert new.version == 2**52
