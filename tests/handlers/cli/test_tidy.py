from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from domain.idempotency import StoredResponse
from domain.outbox import OutboxEvent, OutboxKind, OutboxStatus
from domain.shared.paging import PageRequest
from handlers.cli import tidy
from persistence.database import Database, utc_now
from persistence.engine.engines import Engines, Pool, connect
from persistence.sql.columns import metadata
from tests.handlers.cli.conftest import Run
from tests.support.application import Clients, Shop
from tests.support.personal_orders import IBAN, Life
from tests.support.personal_rows import marked

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of var/mail."""
    monkeypatch.setattr(tidy, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def engines(database_url: str, database: Database) -> Iterator[Engines]:
    engines = connect(database_url, Pool(2))
    yield engines
    engines.dispose()


@pytest.fixture
def life(shop: Shop, clients: Clients, waybill: Run) -> Life:
    return Life(shop, clients, waybill, shop.user(), "a word")


def event(status: OutboxStatus, days: int) -> OutboxEvent:
    """An event that came to this status so many days ago."""
    date = utc_now() - days * DAY
    payload = {"email": "a@example.com", "language": None, "order_number": "1"}
    return OutboxEvent(
        kind=OutboxKind.ITEM_REJECTED,
        payload=payload,
        status=status,
        attempts=1,
        created_date=date,
        due_date=date,
        delivered_date=date if status is OutboxStatus.DELIVERED else None,
    )


def age_requests(engines: Engines, days: int) -> None:
    """Have every request be settled so many days ago."""
    requests = metadata.tables["cancellation_requests"]
    with engines.writing.begin() as connection:
        connection.execute(sa.update(requests).values(modified_date=utc_now() - days * DAY))


def accounts(engines: Engines) -> list[Any]:
    requests = metadata.tables["cancellation_requests"]
    with engines.autocommit.connect() as connection:
        found = sa.select(requests.c.iban, requests.c.holder_name).order_by(requests.c.pk)
        return [tuple(row) for row in connection.execute(found)]


class TestTidy:
    def test_of_nothing_removes_nothing(self, waybill: Run, database: Database) -> None:
        result = waybill("tidy")

        assert (result.exit_code, result.output) == (
            0,
            "Removed: 0 sessions, 0 idempotency keys, 0 e-mails, the IBANs of 0 requests.\n",
        )

    def test_removes_sessions_that_have_expired(
        self, waybill: Run, shop: Shop, clients: Clients
    ) -> None:
        user = shop.user()
        kept = clients.new(shop.session(user))
        shop.session(user, days=-1)

        assert "1 sessions" in waybill("tidy").output
        assert kept.get("/users/orders/").status_code == 200

    def test_removes_keys_after_their_day(self, waybill: Run, database: Database) -> None:
        for name, hours in (("old", 25), ("new", 23)):
            with database.writing() as uow:
                made = utc_now() - timedelta(hours=hours)
                uow.idempotency_keys.claim("user:1", name, b"f" * 32, made)
                uow.idempotency_keys.store("user:1", name, StoredResponse(200, "text/plain", b"a"))
                uow.commit()

        assert "1 idempotency keys" in waybill("tidy").output
        with database.writing() as uow:
            claimed = uow.idempotency_keys.claim("user:1", "new", b"f" * 32, utc_now())
        assert claimed is not None

    def test_removes_e_mails_that_were_delivered(
        self, waybill: Run, database: Database, letters: Path
    ) -> None:
        events = [
            event(OutboxStatus.DELIVERED, 31),
            event(OutboxStatus.DELIVERED, 29),
            event(OutboxStatus.DEAD, 400),
            event(OutboxStatus.PENDING, 400),
        ]
        with database.writing() as uow:
            for each in events:
                uow.outbox.add(each)
            uow.commit()
        for each in events:
            (letters / f"{each.uuid}.eml").touch()

        assert "1 e-mails" in waybill("tidy").output
        with database.reading() as uow:
            left = uow.outbox.events(None, PageRequest())
        assert {each.uuid for each in left} == {each.uuid for each in events[1:]}
        assert {path.stem for path in letters.iterdir()} == {str(each.uuid) for each in left}
        assert "1 e-mails" in waybill("tidy", "--email-days", "28").output

    def test_removes_ibans_of_what_is_over(
        self, waybill: Run, life: Life, engines: Engines
    ) -> None:
        life.settle()
        life.read()
        age_requests(engines, 91)

        result = waybill("tidy")

        assert "the IBANs of 2 requests" in result.output
        assert accounts(engines) == [(None, None)] * 2
        [order] = life.client.get("/users/orders/").json()["results"]
        requests = [each["cancellationrequest_set"][0] for each in order["orderitem_set"]]
        assert [each["iban"] for each in requests] == [None, None]
        with engines.autocommit.connect() as connection:
            # The answer to a key is kept for its day.
            assert set(marked(connection, IBAN.lower())) <= {"idempotency_keys.body"}

    def test_keeps_ibans_while_they_are_new_or_money_is_due(
        self, waybill: Run, life: Life, engines: Engines
    ) -> None:
        first, second = map(str, life.requests)
        waybill("requests", "approve", first)
        age_requests(engines, 400)
        waybill("requests", "reject", second)

        assert "the IBANs of 0 requests" in waybill("tidy").output
        assert [iban for iban, _ in accounts(engines)] == [IBAN, IBAN]
        assert "the IBANs of 1 requests" in waybill("tidy", "--iban-days", "0").output
        assert [iban for iban, _ in accounts(engines)] == [IBAN, None]

    def test_goes_on_in_batches(
        self, waybill: Run, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user = shop.user()
        for _ in range(5):
            shop.session(user, days=-1)
        for module in ("domain.privacy.retention", "handlers.cli.tidy"):
            monkeypatch.setattr(f"{module}.BATCH", 2)

        assert "5 sessions" in waybill("tidy").output

    @pytest.mark.parametrize("option", ["--email-days", "--iban-days"])
    def test_takes_no_negative_days(self, waybill: Run, option: str) -> None:
        assert waybill("tidy", option, "-1").exit_code == 2
