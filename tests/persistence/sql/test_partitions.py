from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event
from uuid import uuid4

import pytest
import sqlalchemy as sa

from domain.audit import AuditEntry, Subject
from domain.outbox import OutboxStatus, lease_events, record_delivery
from domain.privacy.retention import Monthly, RetentionPeriods, create_months, drop_months
from domain.shared.errors import Unavailable
from domain.shared.paging import PageRequest
from persistence.audit import audit_entries
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from persistence.outbox import outbox_events
from persistence.sql import partitions
from tests.conftest import KIND, MakeUrl
from tests.support.fakes import FakeClock, fake_renderers
from tests.support.outbox_events import make_event

HAS_PARTITIONS = KIND == "postgres"
MAY = datetime(2031, 5, 20, 13, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def own(make_url: MakeUrl) -> Iterator[tuple[Database, FakeClock, Engines]]:
    """A database of its own, whose tables of the year 2031 do not exist yet."""
    url, clock = make_url(), FakeClock()
    clock.now = MAY
    database = Database(url, renderers=fake_renderers(), clock=clock)
    database.migrate()
    engines = connect(url, Pool(2))
    yield database, clock, engines
    database.close()
    engines.dispose()


@pytest.fixture
def database(own: tuple[Database, FakeClock, Engines]) -> Database:
    return own[0]


@pytest.fixture
def clock(own: tuple[Database, FakeClock, Engines]) -> FakeClock:
    return own[1]


@pytest.fixture
def engines(own: tuple[Database, FakeClock, Engines]) -> Engines:
    return own[2]


def store(database: Database, *dates: datetime) -> None:
    with database.writing() as uow:
        for date in dates:
            event = make_event()
            event.created_date = event.due_date = date
            uow.outbox.add(event)
            uow.audit.add(
                AuditEntry(
                    created_date=date,
                    actor="system",
                    subject=Subject.ORDER,
                    subject_uuid=uuid4(),
                    from_state=None,
                    to_state="waiting",
                )
            )
        uow.commit()


def create_all(database: Database) -> int:
    return sum(database.write(partial(create_months, kind)) for kind in Monthly)


def deliver_all(database: Database) -> None:
    for event in database.write(partial(lease_events, 100)):
        database.write(partial(record_delivery, event.pk))


def counts(engines: Engines) -> dict[str, int]:
    """The number of rows of each partition that has some."""
    with engines.autocommit.connect() as connection:
        return {
            str(name): number
            for table in (outbox_events, audit_entries)
            for name, number in connection.execute(
                sa.text(f"SELECT tableoid::regclass, count(*) FROM {table.name} GROUP BY 1")  # noqa: S608
            )
        }


def names(engines: Engines) -> set[str]:
    found = sa.text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")
    with engines.autocommit.connect() as connection:
        return set(connection.scalars(found)) if HAS_PARTITIONS else set()


class TestCreate:
    def test_moves_rows_of_the_month_from_the_default_partition(
        self, database: Database, engines: Engines
    ) -> None:
        store(database, MAY, MAY + 40 * DAY, MAY + 400 * DAY)

        created = create_all(database)

        with database.reading() as uow:
            assert uow.outbox.count(None) == 3
        if not HAS_PARTITIONS:
            assert created == 0
            return
        assert created == 6
        assert counts(engines) == {
            f"{table}_{part}": 1
            for table in ("outbox_events", "audit_entries")
            for part in ("203105", "203106", "default")
        }
        store(database, MAY)
        assert counts(engines)["outbox_events_203105"] == 2

    def test_creates_nothing_twice(self, database: Database, engines: Engines) -> None:
        create_all(database)
        before = names(engines)

        assert create_all(database) == 0
        assert names(engines) == before

    def test_is_done_by_the_migration(self, database: Database, engines: Engines) -> None:
        month = datetime.now(UTC).replace(day=1)
        following = (month + 32 * DAY).strftime("%Y%m")

        assert {"outbox_events_default", f"outbox_events_{following}"} <= names(engines) or (
            not HAS_PARTITIONS
        )

    def test_does_not_make_writers_fail(self, database: Database, clock: FakeClock) -> None:
        done = Event()

        def write() -> int:
            number = 0
            while not done.is_set() or number == 0:
                store(database, clock.now, clock.now + 31 * DAY)
                number += 2
            return number

        with ThreadPoolExecutor(2) as pool:
            writers = [pool.submit(write) for _ in range(2)]
            try:
                for _ in range(6):
                    clock.now += 31 * DAY
                    create_all(database)
            finally:
                done.set()
            stored = sum(writer.result() for writer in writers)

        with database.reading() as uow:
            assert uow.outbox.count(None) == stored

    def test_gives_up_while_the_table_is_in_use(
        self, database: Database, engines: Engines, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if not HAS_PARTITIONS:
            assert create_all(database) == 0
            return
        monkeypatch.setattr(partitions, "LOCK_TIMEOUT_MS", 100)
        with engines.writing.begin() as connection:
            connection.execute(sa.text("LOCK TABLE outbox_events IN ACCESS SHARE MODE"))

            with pytest.raises(Unavailable):
                create_all(database)

        assert create_all(database) == 6


class TestDrop:
    def test_drops_months_whose_emails_are_gone(
        self, database: Database, engines: Engines, clock: FakeClock
    ) -> None:
        create_all(database)
        store(database, MAY, MAY + 30 * DAY)
        deliver_all(database)
        clock.now = datetime(2031, 7, 1, tzinfo=UTC) + 30 * DAY
        drop = partial(drop_months, Monthly.EMAILS, RetentionPeriods())

        database.write(drop)
        with database.writing() as uow:
            for event in uow.outbox.events(None, PageRequest()):
                if event.created_date == MAY:
                    uow.outbox.remove(event)
            uow.commit()

        assert database.write(drop) == (1 if HAS_PARTITIONS else 0)
        with database.reading() as uow:
            assert uow.outbox.count(None) == 1
        assert "outbox_events_203105" not in names(engines)

    def test_drops_months_of_the_audit_trail(
        self, database: Database, engines: Engines, clock: FakeClock
    ) -> None:
        create_all(database)
        store(database, MAY, MAY + 30 * DAY)
        clock.now = datetime(2032, 6, 1, tzinfo=UTC)
        before = names(engines)

        dropped = database.write(
            partial(drop_months, Monthly.AUDIT, RetentionPeriods(audit=365 * DAY))
        )

        if not HAS_PARTITIONS:
            assert dropped == 0
            return
        gone = {name for name in before - names(engines) if name.startswith("audit")}
        assert "audit_entries_203105" in gone
        assert "audit_entries_203106" not in gone

    def test_keeps_the_audit_trail_without_a_period(
        self, database: Database, engines: Engines, clock: FakeClock
    ) -> None:
        store(database, MAY)
        clock.now += 4000 * DAY

        database.write(partial(drop_months, Monthly.AUDIT, RetentionPeriods()))

        with engines.autocommit.connect() as connection:
            counted = sa.select(sa.func.count()).select_from(audit_entries)
            assert connection.execute(counted).scalar_one() == 1


class TestOutbox:
    def test_events_of_all_months_are_leased_once(self, database: Database) -> None:
        create_all(database)
        store(database, *(MAY - days * DAY for days in (0, 5, 40, 400)))
        with database.writing() as first, database.reading() as reading:
            assert reading.outbox.count(OutboxStatus.PENDING) == 4
            leased = first.outbox.lease(MAY, MAY + DAY, 3)
            if HAS_PARTITIONS:
                assert len(database.write(partial(lease_events, 9))) == 1
            first.commit()

        assert [event.created_date for event in leased] == [
            MAY - days * DAY for days in (400, 40, 5)
        ]

    def test_a_key_is_unique(self, engines: Engines) -> None:
        row = {
            "pk": 1,
            "uuid": uuid4(),
            "kind": "item_rejected",
            "payload": {},
            "status": "pending",
            "attempts": 0,
            "created_date": MAY,
            "due_date": MAY,
        }
        for change in ({}, {"pk": 2}):
            with pytest.raises(sa.exc.IntegrityError), engines.writing.begin() as connection:
                connection.execute(sa.insert(outbox_events), [row, row | change])
