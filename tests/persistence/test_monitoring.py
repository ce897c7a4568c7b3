"""Figures for monitoring: of the outbox, the requests, the mail worker and the schema."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from domain.orders.cancellations import CancellationStatus
from domain.outbox import OutboxStatus
from domain.shared.errors import Unavailable
from domain.shared.monitoring import DatabaseFigures, ShopFigures, StandbyFigures
from persistence import migrations
from persistence.database import Database
from persistence.engine.engines import Engines, Pool
from persistence.engine.standbys import StandbyStatus
from tests.conftest import KIND, MakeUrl
from tests.persistence.test_outbox import store_event
from tests.support.builders import NOW, make_item, make_request
from tests.support.fakes import FakeClock, fake_renderers
from tests.support.stored import store_order, store_user
from tests.support.stored_cancellations import store_reason_of


def shop_of(database: Database) -> ShopFigures:
    shop = database.figures().shop
    assert shop is not None
    return shop


class TestFigures:
    def test_of_an_empty_shop_are_zero(self, database: Database) -> None:
        assert database.figures() == DatabaseFigures(
            revision=migrations.head(),
            needed_revision=migrations.head(),
            shop=ShopFigures(
                outbox_pending=0,
                outbox_oldest=0.0,
                outbox_dead=0,
                open_requests=(0, 0, 0, 0),
                oldest_open_request=0.0,
                mail_worker_seen=0.0,
            ),
        )

    def test_count_e_mails(self, database: Database, clock: FakeClock) -> None:
        store_event(database)
        store_event(database, due_date=NOW + timedelta(hours=1))
        store_event(database, status=OutboxStatus.DELIVERED)
        store_event(database, status=OutboxStatus.DEAD)
        clock.now = NOW + timedelta(minutes=11)

        shop = shop_of(database)

        assert (shop.outbox_pending, shop.outbox_dead) == (2, 1)
        # That of a retry counts, too: it is as old as it is.
        assert shop.outbox_oldest == 660

    def test_group_open_requests_by_age(self, database: Database) -> None:
        reason = store_reason_of(database)
        shopper = store_user(database)
        hours = [1, 23, 24, 47, 100, 300, 300]
        requests = [
            make_request(reason_pk=reason.pk, created_date=NOW - timedelta(hours=age))
            for age in hours
        ]
        closed = make_request(
            reason_pk=reason.pk,
            created_date=NOW - timedelta(hours=900),
            status=CancellationStatus.REJECTED,
        )
        for request in (*requests, closed):
            item = make_item(cancellation_requests=[request])
            store_order(database, user_pk=shopper.pk, items=[item])

        shop = shop_of(database)

        assert shop.open_requests == (2, 2, 1, 2)
        assert shop.oldest_open_request == 300 * 3600

    def test_have_the_last_report_of_any_worker(self, database: Database, clock: FakeClock) -> None:
        database.record_heartbeat(uuid4())
        clock.now = NOW + timedelta(seconds=30)
        database.record_heartbeat(uuid4())

        assert shop_of(database).mail_worker_seen == clock.now.timestamp()

    def test_have_the_standbys(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        statuses = [
            StandbyStatus("near", None, 0.25, reads=1, refusals=0),
            StandbyStatus("away", "it does not answer", None, reads=0, refusals=1),
        ]
        monkeypatch.setattr(database, "standbys", lambda: statuses)

        assert database.figures().standbys == (
            StandbyFigures("near", True, 0.25),
            StandbyFigures("away", False, None),
        )


class TestOtherTables:
    @pytest.fixture
    def empty(self, make_url: MakeUrl) -> Iterator[Database]:
        """A database without tables."""
        database = Database(make_url(), renderers=fake_renderers(), pool=Pool(2))
        yield database
        database.close()

    def test_a_database_without_tables_has_no_revision(self, empty: Database) -> None:
        figures = empty.figures()

        assert (figures.revision, figures.shop) == (None, None)

    def test_tables_of_another_release_have_only_their_revision(
        self, database: Database, engines: Engines
    ) -> None:
        revise(engines, "0001")
        try:
            figures = database.figures()
        finally:
            revise(engines, migrations.head())

        assert (figures.revision, figures.shop) == ("0001", None)
        assert figures.needed_revision == migrations.head()


def test_a_database_that_does_not_answer_has_none() -> None:
    url = "postgresql://127.0.0.1:9/none" if KIND == "postgres" else "sqlite:////proc/none"
    database = Database(url, renderers=fake_renderers(), pool=Pool(1))

    with pytest.raises(Unavailable):
        database.figures()
    database.close()


def revise(engines: Engines, revision: str) -> None:
    with engines.writing.begin() as connection:
        steps = sa.table("alembic_version", sa.column("version_num"))
        connection.execute(sa.update(steps).values(version_num=revision))
