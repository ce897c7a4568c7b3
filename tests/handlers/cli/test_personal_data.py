import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from domain.accounts.users import UserType, email_key
from domain.imports.documents import ImportResult
from domain.imports.parts import Rejected
from domain.shared.paging import PageRequest
from faults.invariants import broken_invariants
from handlers.cli import personal_data
from persistence.database import Database
from persistence.engine.engines import Engines, Pool, connect
from persistence.sql.columns import metadata
from tests.handlers.cli.conftest import Run
from tests.support import citus
from tests.support.application import Clients, Shop
from tests.support.builders import NOW, make_item, make_seller
from tests.support.documents import imported_old_order, imported_order, user_document
from tests.support.personal_orders import IBAN, Customer
from tests.support.personal_rows import EMAIL, MARK, OTHERS, RETAINED, mark_everything, marked

ERASE = ("users", "erase", "--email", EMAIL.upper(), "--yes", "--operator", "ayse")
EXPORT = ("users", "export", "--email", EMAIL)


@pytest.fixture
def engines(database_url: str, database: Database) -> Iterator[Engines]:
    engines = connect(database_url, Pool(2))
    yield engines
    engines.dispose()


@pytest.fixture
def mail_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that replaces var/mail."""
    monkeypatch.setattr(personal_data, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def customer(shop: Shop, clients: Clients, waybill: Run, mail_folder: Path) -> Customer:
    user = shop.user(email=EMAIL, first_name=MARK, last_name=MARK, password_hash=MARK)
    return Customer(shop, clients, waybill, user, MARK)


@pytest.fixture
def marked_customer(customer: Customer, engines: Engines) -> Customer:
    """A customer with settled requests, marked rows and stored documents."""
    customer.settle()
    with engines.writing.begin() as connection:
        images = metadata.tables["cancellation_request_images"]
        image = {
            "cancellation_request_pk": customer.requests[0],
            "user_pk": customer.user.pk,
            "image": f"https://example.com/{MARK}",
            "is_uploaded_by_user": True,
            "created_date": NOW,
            "modified_date": NOW,
        }
        connection.execute(sa.insert(images).values(image))
        mark_everything(connection, customer.row_conditions)
    customer.read()
    return customer


def rows(engines: Engines) -> dict[str, list[Any]]:
    with engines.autocommit.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
            for table in metadata.sorted_tables
        }


class TestErase:
    def test_removes_all_text_about_the_person(
        self, waybill: Run, marked_customer: Customer, engines: Engines
    ) -> None:
        with engines.autocommit.connect() as connection:
            before = {name.partition(".")[0] for name in marked(connection)}

        result = waybill(*ERASE)

        assert result.exit_code == 0, result.output
        assert result.output.startswith("Erased: 1 users, 1 orders, 1 old orders, 1 sessions, ")
        with engines.autocommit.connect() as connection:
            assert list(marked(connection)) == []
            assert list(marked(connection, IBAN.lower())) == []
        documents = {"order_documents", "old_order_documents", "idempotency_keys"}
        assert before >= RETAINED.keys() - {"discount_items"} | documents

    def test_covers_every_table(self) -> None:
        assert RETAINED.keys() | OTHERS == metadata.tables.keys()
        assert not RETAINED.keys() & OTHERS

    def test_keeps_amounts_and_states(
        self, waybill: Run, marked_customer: Customer, engines: Engines
    ) -> None:
        money = sa.text("SELECT number, state, refund_amount FROM orders")
        with citus.all_rows(engines) as connection:
            before = connection.execute(money).all()
            assert broken_invariants(connection) == []

        waybill(*ERASE)

        with citus.all_rows(engines) as connection:
            assert connection.execute(money).all() == before
            assert broken_invariants(connection) == []

    def test_keeps_sellers_orders(
        self, waybill: Run, marked_customer: Customer, database: Database
    ) -> None:
        before = marked_customer.read_as_seller()

        waybill(*ERASE)

        after = marked_customer.read_as_seller()
        assert {name: len(rows) for name, rows in after.items()} == {
            name: len({row["id"] for row in rows}) for name, rows in before.items()
        }
        assert MARK not in json.dumps(after).lower()
        [address] = after["customer-addresses"]
        assert (address["first_name"], address["phone_number"]) == ("", "")

    def test_ends_sessions_and_logins(self, waybill: Run, marked_customer: Customer) -> None:
        waybill(*ERASE)

        assert marked_customer.client.get("/users/orders/").status_code == 401
        result = waybill("sessions", "create", "--email", EMAIL)
        assert result.exit_code == 1

    def test_is_in_the_audit_trail_without_a_name(
        self, waybill: Run, marked_customer: Customer, database: Database
    ) -> None:
        waybill(*ERASE)

        with database.reading() as uow:
            [entry] = uow.audit.entries(marked_customer.user.uuid)
        assert (entry.actor, entry.subject, entry.to_state, entry.note) == (
            "operator:ayse",
            "user",
            "inactive",
            "personal data erased",
        )

    def test_removes_files_of_emails(
        self, waybill: Run, marked_customer: Customer, mail_folder: Path, database: Database
    ) -> None:
        with database.reading() as uow:
            uuids = [event.uuid for event in uow.outbox.events(None, PageRequest())]
        for uuid in uuids:
            (mail_folder / f"{uuid}.eml").write_text(MARK)
        (mail_folder / "another.eml").write_text("")

        waybill(*ERASE)

        assert uuids
        assert [path.name for path in mail_folder.iterdir()] == ["another.eml"]

    def test_does_not_change_other_users(
        self,
        waybill: Run,
        shop: Shop,
        clients: Clients,
        marked_customer: Customer,
        engines: Engines,
    ) -> None:
        other = Customer(shop, clients, waybill, shop.user(email="baska@example.com"), "baska")
        other.settle()
        other.read()
        with engines.autocommit.connect() as connection:
            before = sorted(marked(connection, "baska"))

        waybill(*ERASE)

        with engines.autocommit.connect() as connection:
            assert sorted(marked(connection, "baska")) == before
        assert other.client.get("/users/orders/").json()["count"] == 1

    def test_includes_the_guest_with_the_address(
        self, waybill: Run, shop: Shop, marked_customer: Customer, engines: Engines
    ) -> None:
        guest = shop.user(email=EMAIL, user_type=UserType.GUEST)
        shop.order(guest, user_email=EMAIL)

        result = waybill(*ERASE, "--force")

        assert result.output.startswith("Erased: 2 users, 2 orders,")
        with engines.autocommit.connect() as connection:
            assert list(marked(connection)) == []

    def test_removes_stored_responses_to_guests(
        self, waybill: Run, shop: Shop, client: TestClient, mail_folder: Path, engines: Engines
    ) -> None:
        guest = shop.user(email=EMAIL, user_type=UserType.GUEST)
        order = shop.order(guest, user_email=EMAIL)
        client.post("/users/orders/anonymous/", json={"email": EMAIL, "order": order.number})
        draft = {
            "order_item": order.items[0].pk,
            "reason": shop.reason().pk,
            "cancellation_type": "cancel",
            "description": MARK,
        }
        headers = {"x-csrftoken": client.cookies["csrftoken"], "Idempotency-Key": "once"}
        path = "/users/orders/anonymous/cancellation_requests/"
        answer = client.post(path, json=draft, headers=headers)
        assert answer.status_code == 200
        waybill("requests", "reject", str(answer.json()["pk"]))

        result = waybill(*ERASE, "--force")

        assert result.exit_code == 0
        with engines.autocommit.connect() as connection:
            assert list(marked(connection)) == []
        again = client.post(path, json=draft, headers=headers | {"Idempotency-Key": "twice"})
        assert again.status_code == 400

    def test_changes_the_modified_date_for_sellers(
        self, waybill: Run, shop: Shop, clients: Clients, marked_customer: Customer
    ) -> None:
        trading = clients.selling(shop.token(marked_customer.seller))
        [order] = trading.get("/api/i1/orders/").json()["results"]

        waybill(*ERASE)

        [changed] = trading.get("/api/i1/orders/").json()["results"]
        assert changed["updated_at"] > order["updated_at"]

    def test_waits_for_requests_to_be_settled(self, waybill: Run, customer: Customer) -> None:
        result = waybill(*ERASE, "--force")

        assert (result.exit_code, result.output) == (
            1,
            "Error: Settle the open and approved requests first (2).\n",
        )
        assert customer.client.get("/users/orders/").status_code == 200

    def test_waits_for_parcels_unless_it_is_forced(
        self, waybill: Run, shop: Shop, mail_folder: Path, database: Database
    ) -> None:
        shop.order(shop.user(email=EMAIL))

        result = waybill(*ERASE)

        assert (result.exit_code, result.output) == (
            1,
            "Error: There are orders that are not delivered yet (1).\n",
        )
        assert waybill(*ERASE, "--force").exit_code == 0

    def test_a_second_time_finds_no_user(self, waybill: Run, marked_customer: Customer) -> None:
        waybill(*ERASE)

        result = waybill(*ERASE)

        assert (result.exit_code, result.output) == (1, "Error: No user has this e-mail address.\n")

    def test_asks_for_confirmation(
        self, waybill: Run, marked_customer: Customer, engines: Engines
    ) -> None:
        before = rows(engines)

        result = waybill("users", "erase", "--email", EMAIL, typed="n\n")

        assert result.exit_code == 1
        assert rows(engines) == before

    def test_a_seller_can_still_reject_without_an_email(
        self, waybill: Run, shop: Shop, clients: Clients, mail_folder: Path, database: Database
    ) -> None:
        seller = make_seller()
        order = shop.order(shop.user(email=EMAIL), items=[make_item(seller=seller)])
        waybill(*ERASE, "--force")

        path = f"/api/i1/order-items/{order.items[0].uuid}/reject/"
        answer = clients.selling(shop.token(seller)).post(path, json={"reason": "Sold out"})

        assert answer.status_code == 204
        with database.reading() as uow:
            assert uow.outbox.count(None) == 0


class TestImport:
    def test_does_not_restore_an_erased_order(
        self, waybill: Run, mail_folder: Path, database: Database, engines: Engines
    ) -> None:
        user = user_document(email=EMAIL)
        documents = imported_order(user=user), imported_old_order(user=user)
        self.stored(database, *documents)
        waybill(*ERASE)

        again = self.stored(database, *documents)

        assert [(type(answer), answer.code, answer.pointer) for answer in again] == [
            (again[0].__class__, "erased", "/number"),
            (again[1].__class__, "erased", "/number"),
        ]
        with engines.autocommit.connect() as connection:
            assert list(marked(connection)) == []

    def test_of_a_new_order_makes_a_new_user(
        self, waybill: Run, mail_folder: Path, database: Database
    ) -> None:
        user = user_document(email=EMAIL)
        self.stored(database, imported_order(user=user), imported_old_order(user=user))
        waybill(*ERASE)

        with database.importing("import:tests") as imports:
            [answer] = imports.store_orders([imported_order(user=user, number="1002")])
            imports.commit()

        assert isinstance(answer, ImportResult)
        with database.reading() as uow:
            assert uow.users.by_email_key(email_key(EMAIL), UserType.REGISTERED) is not None

    def stored(self, database: Database, order: Any, old_order: Any) -> list[Any]:
        with database.importing("import:tests") as imports:
            answers: list[ImportResult | Rejected] = imports.store_orders([order])
            answers += imports.store_old_orders([old_order])
            imports.commit()
        return answers


class TestExport:
    def test_contains_all_stored_text(
        self, waybill: Run, marked_customer: Customer, tmp_path: Path, engines: Engines
    ) -> None:
        file = tmp_path / "ayse.json"

        result = waybill(*EXPORT, "--output", str(file))

        assert result.exit_code == 0, result.exception
        assert result.output == f"{file.stat().st_size} bytes written to {file}.\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        export = json.loads(file.read_text("utf-8"))
        [user] = export["users"]
        [order] = user["orders"]
        assert (user["email"], order["number"]) == (EMAIL, marked_customer.order.number)
        assert [len(user[name]) for name in ("addresses", "sessions", "old_orders")] == [1, 1, 1]
        request = order["order_items"][0]["cancellation_requests"][0]
        assert (request["iban"], request["holder_name"]) == (MARK, MARK)
        assert order["order_items"][0]["product"] == "Room Spray 100 ml"
        assert {event["payload"]["email"] for event in export["outbox_events"]} == {EMAIL}
        assert export["audit_entries"]
        assert IBAN in export["stored_answers"][0]["body"]

    def test_contains_no_secrets(self, waybill: Run, marked_customer: Customer) -> None:
        result = waybill(*EXPORT)

        assert result.exit_code == 0
        for secret in ("password_hash", "id_hash", "token_hash"):
            assert secret not in result.output

    def test_fails_for_an_unknown_address(self, waybill: Run, database: Database) -> None:
        result = waybill(*EXPORT)

        assert (result.exit_code, result.output) == (1, "Error: No user has this e-mail address.\n")
