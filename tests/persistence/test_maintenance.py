from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest

from domain.maintenance import INTERVAL, LEASE, RunLost, begin_run, continue_run, end_run
from persistence.database import Database
from tests.support.fakes import FakeClock

SECOND = timedelta(seconds=1)


def begin(database: Database, *, holder: UUID | None = None, only_if_due: bool = False) -> bool:
    return database.write(partial(begin_run, holder or uuid4(), only_if_due=only_if_due))


class TestRun:
    def test_is_the_only_one_until_it_ends(self, database: Database) -> None:
        holder = uuid4()
        assert begin(database, holder=holder)
        assert not begin(database)

        database.write(partial(end_run, holder))

        assert begin(database)

    def test_is_due_an_hour_after_the_last_began(
        self, database: Database, clock: FakeClock
    ) -> None:
        holder = uuid4()
        assert begin(database, holder=holder, only_if_due=True)
        database.write(partial(end_run, holder))

        clock.now += INTERVAL - SECOND
        assert not begin(database, only_if_due=True)
        clock.now += SECOND
        assert begin(database, only_if_due=True)

    def test_that_is_due_waits_for_one_that_is_under_way(
        self, database: Database, clock: FakeClock
    ) -> None:
        holder = uuid4()
        begin(database, holder=holder)
        clock.now += INTERVAL - SECOND
        renew(database, holder)
        clock.now += SECOND

        assert not begin(database, only_if_due=True)

    def test_of_a_process_that_died_ends_with_its_lease(
        self, database: Database, clock: FakeClock
    ) -> None:
        begin(database)

        clock.now += LEASE - SECOND
        assert not begin(database)
        clock.now += SECOND
        assert begin(database)

    def test_that_goes_on_has_its_lease_extended(
        self, database: Database, clock: FakeClock
    ) -> None:
        holder = uuid4()
        begin(database, holder=holder)
        clock.now += LEASE - SECOND

        renew(database, holder)

        clock.now += LEASE - SECOND
        assert not begin(database)

    def test_that_was_taken_over_does_not_go_on(self, database: Database, clock: FakeClock) -> None:
        first, second = uuid4(), uuid4()
        begin(database, holder=first)
        clock.now += LEASE
        begin(database, holder=second)

        with pytest.raises(RunLost):
            renew(database, first)
        database.write(partial(end_run, first))
        renew(database, second)

    def test_that_has_ended_does_not_go_on(self, database: Database) -> None:
        holder = uuid4()
        begin(database, holder=holder)
        database.write(partial(end_run, holder))

        with pytest.raises(RunLost):
            renew(database, holder)

    @pytest.mark.parametrize("only_if_due", [False, True])
    def test_is_begun_by_one_of_many(self, database: Database, *, only_if_due: bool) -> None:
        with ThreadPoolExecutor(4) as pool:
            begun = list(pool.map(lambda _: begin(database, only_if_due=only_if_due), range(4)))

        assert begun.count(True) == 1


def renew(database: Database, holder: UUID) -> None:
    with database.writing() as uow:
        continue_run(holder, uow)
        uow.commit()
