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
from tests.support.personal_orders import IBAN, Customer
from tests.support.personal_rows import marked

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def mail_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that replaces var/mail."""
    monkeypatch.setattr(tidy, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def engines(database_url: str, database: Database) -> Iterator[Engines]:
    engines = connect(database_url, Pool(2))
    yield engines
    engines.dispose()


@pytest.fixture
def customer(shop: Shop, clients: Clients, waybill: Run) -> Customer:
    return Customer(shop, clients, waybill, shop.user(), "a word")


def event(status: OutboxStatus, days: int) -> OutboxEvent:
    """An event with this status for so many days."""
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
    """Move the last change of every request back by so many days."""
    requests = metadata.tables["cancellation_requests"]
    with engines.writing.begin() as connection:
        connection.execute(sa.update(requests).values(modified_date=utc_now() - days * DAY))


def accounts(engines: Engines) -> list[Any]:
    requests = metadata.tables["cancellation_requests"]
    with engines.autocommit.connect() as connection:
        query = sa.select(requests.c.iban, requests.c.holder_name).order_by(requests.c.pk)
        return [tuple(row) for row in connection.execute(query)]


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
        client = clients.new(shop.session(user))
        shop.session(user, days=-1)

        assert "1 sessions" in waybill("tidy").output
        assert client.get("/users/orders/").status_code == 200

    def test_removes_keys_after_their_day(self, waybill: Run, database: Database) -> None:
        for name, hours in (("old", 25), ("new", 23)):
            with database.writing() as uow:
                created = utc_now() - timedelta(hours=hours)
                uow.idempotency_keys.claim("user:1", name, b"f" * 32, created)
                uow.idempotency_keys.store("user:1", name, StoredResponse(200, "text/plain", b"a"))
                uow.commit()

        assert "1 idempotency keys" in waybill("tidy").output
        with database.writing() as uow:
            claimed = uow.idempotency_keys.claim("user:1", "new", b"f" * 32, utc_now())
        assert claimed is not None

    def test_removes_e_mails_that_were_delivered(
        self, waybill: Run, database: Database, mail_folder: Path
    ) -> None:
        events = [
            event(OutboxStatus.DELIVERED, 31),
            event(OutboxStatus.DELIVERED, 29),
            event(OutboxStatus.DEAD, 400),
            event(OutboxStatus.PENDING, 400),
        ]
        with database.writing() as uow:
            for stored_event in events:
                uow.outbox.add(stored_event)
            uow.commit()
        for stored_event in events:
            (mail_folder / f"{stored_event.uuid}.eml").touch()

        assert "1 e-mails" in waybill("tidy").output
        with database.reading() as uow:
            remaining = uow.outbox.events(None, PageRequest())
        assert {stored_event.uuid for stored_event in remaining} == {
            stored_event.uuid for stored_event in events[1:]
        }
        assert {path.stem for path in mail_folder.iterdir()} == {
            str(stored_event.uuid) for stored_event in remaining
        }
        assert "1 e-mails" in waybill("tidy", "--email-days", "28").output

    def test_removes_ibans_of_what_is_over(
        self, waybill: Run, customer: Customer, engines: Engines
    ) -> None:
        customer.settle()
        customer.read()
        age_requests(engines, 91)

        result = waybill("tidy")

        assert "the IBANs of 2 requests" in result.output
        assert accounts(engines) == [(None, None)] * 2
        [order] = customer.client.get("/users/orders/").json()["results"]
        requests = [item["cancellationrequest_set"][0] for item in order["orderitem_set"]]
        assert [request["iban"] for request in requests] == [None, None]
        with engines.autocommit.connect() as connection:
            # The response of a key is stored for a day.
            assert set(marked(connection, IBAN.lower())) <= {"idempotency_keys.body"}

    def test_keeps_ibans_while_they_are_new_or_money_is_due(
        self, waybill: Run, customer: Customer, engines: Engines
    ) -> None:
        first, second = map(str, customer.requests)
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
