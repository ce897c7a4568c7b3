from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from domain.accounts.users import User, UserType
from domain.audit import AuditEntry, Subject
from domain.imports.parts import Rejected
from domain.orders.orders import Order
from domain.orders.states import OrderState
from faults.invariants import broken_invariants
from handlers.app import database_of
from handlers.cli import progress
from handlers.cli.graceful_shutdown import GracefulShutdown
from handlers.contract.asgi.routing import ContractApp
from persistence.database import Database, utc_now
from persistence.engine.engines import Engines, Pool, connect
from persistence.sql.columns import metadata
from tests.handlers.cli.conftest import Run
from tests.support import citus
from tests.support.application import Clients, Shop
from tests.support.builders import make_item, make_seller
from tests.support.documents import imported_old_order, imported_order, user_document
from tests.support.personal_orders import LISTS, Customer
from tests.support.personal_rows import MARK
from tests.support.stored_sellers import stored_counts, true_counts

DAY = timedelta(days=1)
LONG_AGO = utc_now() - 400 * DAY
ARCHIVE = ("archive", "--before", (utc_now() - 365 * DAY).date().isoformat(), "--operator", "ayse")


@pytest.fixture
def database(app: ContractApp) -> Database:
    """That of the application, whose clock goes."""
    return database_of(app)


@pytest.fixture
def engines(database_url: str, app: ContractApp) -> Iterator[Engines]:
    engines = connect(database_url, Pool(2))
    yield engines
    engines.dispose()


def place(shop: Shop, user: User, **overrides: Any) -> Order:
    """Store an order that can be archived, unless ``overrides`` say otherwise."""
    line = {"state": OrderState.DELIVERED, "delivered_date": LONG_AGO}
    values = {"state": OrderState.DELIVERED, "created_date": LONG_AGO, "notes": "ring twice"}
    item = overrides.pop("item", {})
    return shop.order(user, **{**values, "items": [make_item(**line | item)], **overrides})


def entries(database: Database, order: Order) -> list[AuditEntry]:
    with database.reading() as uow:
        return uow.audit.entries(order.uuid)


def rows(engines: Engines, table: str) -> list[Any]:
    with engines.autocommit.connect() as connection:
        return list(connection.execute(sa.select(metadata.tables[table])).mappings())


class TestArchive:
    def test_makes_an_order_an_old_order(
        self, waybill: Run, shop: Shop, clients: Clients, database: Database
    ) -> None:
        user = shop.user()
        order = place(shop, user)
        client = clients.new(shop.session(user))
        [shown] = client.get("/users/orders/").json()["results"]

        result = waybill(*ARCHIVE)

        assert (result.exit_code, result.output) == (0, "Archived: 1 orders.\n")
        assert client.get("/users/orders/").json()["count"] == 0
        assert client.get(f"/users/orders/{order.pk}/").status_code == 404
        [old] = client.get("/users/old-orders/").json()["results"]
        assert client.get(f"/users/old-orders/{old['pk']}/").json() == old
        same = ("number", "user_email", "amount", "discount_amount", "currency", "created_date")
        for name in (*same, "installment_count", "tracking_number", "user"):
            assert old[name] == shown[name], name
        assert old["extra_field"]["notes"] == shown["notes"]
        assert old["extra_field"]["shipping_amount"] == shown["shipping_amount"]
        [line], [shown_line] = old["oldorderitem_set"], shown["orderitem_set"]
        assert (line["sku"], line["price"]) == (shown_line["product"]["sku"], shown_line["price"])
        assert line["extra_field"]["unit_price"] == shown_line["unit_price"]
        last = entries(database, order)[-1]
        assert (last.actor, last.to_state) == ("operator:ayse", "archived")

    def test_does_not_change_other_orders(
        self, waybill: Run, shop: Shop, clients: Clients, engines: Engines
    ) -> None:
        user = shop.user()
        sold = {"seller": make_seller()}
        other = place(shop, user, created_date=utc_now() - 300 * DAY, item=sold)
        place(shop, user, item=sold)
        selling = clients.selling(shop.token(sold["seller"]))

        waybill(*ARCHIVE)

        [left] = selling.get("/api/i1/orders/").json()["results"]
        assert left["number"] == other.number
        assert stored_counts(engines) == true_counts(engines)
        with citus.all_rows(engines) as connection:
            assert broken_invariants(connection) == []
            for table in ("order_items", "seller_orders"):
                counted = sa.select(sa.func.count()).select_from(metadata.tables[table])
                assert connection.execute(counted).scalar_one() == 1

    def test_reports_why_orders_stay(self, waybill: Run, shop: Shop, clients: Clients) -> None:
        place(shop, shop.user(), item={"state": OrderState.SHIPPED})
        place(shop, shop.user(user_type=UserType.GUEST))
        place(shop, shop.user(), item={"delivered_date": utc_now()})
        user = shop.user()
        taken = place(shop, user)
        shop.old_order(user, number=taken.number)
        place(shop, user, created_date=utc_now())

        result = waybill(*ARCHIVE)

        assert result.output.splitlines() == [
            "Archived: 0 orders.",
            "Left: 1 of a guest, who could not see it any more.",
            "Left: 1 not finished: a line is neither delivered nor closed.",
            "Left: 1 within the return period.",
            "Left: 1 whose number an old order has.",
        ]
        assert waybill(*ARCHIVE).output == result.output

    def test_keeps_orders_with_unpaid_refunds(
        self, waybill: Run, shop: Shop, clients: Clients, engines: Engines
    ) -> None:
        customer = Customer(shop, clients, waybill, shop.user(), "a word")
        orders, items = metadata.tables["orders"], metadata.tables["order_items"]
        offers = metadata.tables["trade_in_offers"]

        def age() -> None:
            with engines.writing.begin() as connection:
                connection.execute(sa.update(orders).values(created_date=LONG_AGO))
                connection.execute(sa.update(items).values(delivered_date=LONG_AGO))

        age()
        assert "1 with an open request" in waybill(*ARCHIVE).output
        first, second = map(str, customer.requests)
        waybill("requests", "approve", first)
        waybill("requests", "reject", second)
        assert "1 with a refund that is not paid" in waybill(*ARCHIVE).output
        waybill("requests", "complete", first)
        assert "1 with an open trade-in offer" in waybill(*ARCHIVE).output
        with engines.writing.begin() as connection:
            connection.execute(sa.update(offers).values(state="rejected"))

        assert waybill(*ARCHIVE).output == "Archived: 1 orders.\n"

        old = customer.client.get("/users/old-orders/").json()["results"]
        [archived] = [order for order in old if order["number"] == customer.order.number]
        assert archived["extra_field"]["cancellation_plans"]
        request = archived["oldorderitem_set"][0]["extra_field"]["cancellation_requests"][0]
        assert request["status"] == "completed"
        assert "TR33" not in orjson.dumps(archived).decode()
        assert {name: customer.read_as_seller()[name] for name in LISTS} == {
            name: [] for name in LISTS
        }

    def test_counts_in_a_dry_run(self, waybill: Run, shop: Shop, database: Database) -> None:
        order = place(shop, shop.user())
        place(shop, shop.user(user_type=UserType.GUEST))

        result = waybill(*ARCHIVE, "--dry-run")

        assert result.output.startswith("Would archive: 1 orders.\nLeft: 1 of a guest")
        with database.reading() as uow:
            assert uow.orders.get(order.pk) is not None

    def test_continues_an_interrupted_run(
        self, waybill: Run, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(3):
            place(shop, shop.user())
        monkeypatch.setattr("handlers.cli.archive._BATCH", 2)
        monkeypatch.setattr(progress, "EVERY_SECONDS", 0)
        states = iter([False, True])
        with monkeypatch.context() as patched:
            patched.setattr(GracefulShutdown, "is_requested", property(lambda _: next(states)))
            stopped = waybill(*ARCHIVE)

        assert "So far: 1 orders." in stopped.output
        assert stopped.output.endswith("Archived: 1 orders.\n")
        assert waybill(*ARCHIVE).output.endswith("Archived: 2 orders.\n")

    @pytest.mark.parametrize("options", [(), ("--dry-run",)])
    def test_does_not_count_what_another_process_has_archived(
        self, waybill: Run, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
    ) -> None:
        monkeypatch.setattr("handlers.cli.archive._candidates", lambda *_: [1])

        lines = waybill(*ARCHIVE, *options).output.splitlines()

        assert lines[0].endswith(": 0 orders.")
        assert lines[1:] == ["Left: 1 that another process has archived meanwhile."]

    @pytest.mark.parametrize("before", ["yesterday", "2026-13-01"])
    def test_needs_a_date(self, waybill: Run, before: str) -> None:
        assert waybill("archive", "--before", before).exit_code == 2

    def test_needs_a_valid_date(self, waybill: Run) -> None:
        assert waybill("archive").exit_code == 2


class TestAfterwards:
    def test_an_import_does_not_restore_the_order(
        self, waybill: Run, shop: Shop, database: Database
    ) -> None:
        user = shop.user()
        order = place(shop, user)
        waybill(*ARCHIVE)
        same = {"number": order.number, "user": user_document(email=user.email)}

        with database.importing("import:tests") as imports:
            results = [
                *imports.store_orders([imported_order(**same)]),
                *imports.store_old_orders([imported_old_order(**same)]),
            ]
            imports.commit()

        assert [result.code for result in results if isinstance(result, Rejected)] == [
            "archived"
        ] * 2
        with database.reading() as uow:
            assert uow.orders.owner(order.number) is None

    def test_the_person_can_be_exported_and_erased(
        self, waybill: Run, shop: Shop, engines: Engines
    ) -> None:
        user = shop.user()
        order = place(shop, user, notes=MARK, user_email=user.email)
        waybill("users", "end-sessions", "--email", user.email)
        waybill(*ARCHIVE)

        exported = waybill("users", "export", "--email", user.email)
        assert MARK in exported.output
        result = waybill("users", "erase", "--email", user.email, "--yes", "--operator", "ayse")

        assert result.exit_code == 0, result.output
        [old] = rows(engines, "old_orders")
        names = ("number", "extra_field", "shipping_address")
        assert [old[name] for name in names] == [order.number, {}, None]
        assert old["archived_date"] is not None
        assert [line["extra_field"] for line in rows(engines, "old_order_items")] == [{}]

    def test_notes_about_the_order_are_cleared(
        self, waybill: Run, shop: Shop, database: Database
    ) -> None:
        order = place(shop, shop.user())
        with database.writing() as uow:
            uow.audit.add(
                AuditEntry(
                    created_date=uow.now,
                    actor="operator:ayse",
                    subject=Subject.ORDER,
                    subject_uuid=order.uuid,
                    from_state=None,
                    to_state="delivered",
                    note="she called",
                )
            )
            uow.commit()

        waybill(*ARCHIVE)

        assert {entry.note for entry in entries(database, order)} == {None}
