import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from domain.accounts.users import UserType
from domain.orders.cancellation_plans import PlanStatus
from domain.outbox import OutboxKind
from domain.seller_center.lists import SellerQuery
from domain.seller_center.orders import list_seller_orders
from domain.sellers.callers import SellerCaller
from domain.sellers.tokens import authenticate_token
from domain.shared.paging import PageRequest
from handlers.demo_shop import DEMO_EMAIL, DEMO_PASSWORD
from handlers.demo_shop.shop import DEMO_OLD_ORDERS, DEMO_ORDERS
from persistence.database import Database
from tests.handlers.cli.conftest import Run
from tests.support.application import Clients, Shop
from tests.support.citus import broken_rules
from tests.support.fakes import view_of

SEED = ("seed", "--users", "3", "--orders-per-user", "2", "--seed", "7")


def views_on(page: Any) -> list[Any]:
    return [view_of(document) for document in page.documents]


class Seeding:
    """The command with its files, and their contents."""

    def __init__(self, waybill: Run, folder: Path) -> None:
        self._waybill = waybill
        self.sessions_file = folder / "sessions"
        self.tokens_file = folder / "tokens"
        self.manifest_file = folder / "manifest.json"

    def run(self) -> str:
        sessions = ("--sessions-file", str(self.sessions_file))
        manifest = ("--manifest-file", str(self.manifest_file))
        tokens = ("--tokens-file", str(self.tokens_file))
        result = self._waybill(*SEED, *sessions, *tokens, *manifest)
        assert result.exit_code == 0
        return result.output

    @property
    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads(self.manifest_file.read_text("utf-8"))
        return manifest


@pytest.fixture
def seeding(waybill: Run, tmp_path: Path) -> Seeding:
    return Seeding(waybill, tmp_path)


class TestSeed:
    def test_prints_what_it_created_and_who_can_log_in(
        self, waybill: Run, clients: Clients
    ) -> None:
        result = waybill(*SEED)

        credentials = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD}
        login = clients.new().post("/users/login/", json=credentials)
        assert result.exit_code == 0
        assert f"3 users, {DEMO_ORDERS + 4} orders" in result.output
        assert f"Log in as {DEMO_EMAIL}, password {DEMO_PASSWORD}." in result.output
        assert login.status_code == 200

    def test_every_line_of_the_sessions_file_is_a_session(
        self, seeding: Seeding, clients: Clients
    ) -> None:
        seeding.run()

        sessions = seeding.sessions_file.read_text("utf-8").splitlines()
        counts = [
            clients.new(session).get("/users/orders/").json()["count"] for session in sessions
        ]
        # The third is a guest, who can see only the newest order.
        assert counts == [DEMO_ORDERS, 2, 1]

    def test_every_line_of_the_tokens_file_is_a_token_that_the_manifest_explains(
        self, seeding: Seeding, database: Database
    ) -> None:
        seeding.run()

        values = seeding.tokens_file.read_text("utf-8").splitlines()
        tokens = seeding.manifest["tokens"]
        assert [token["token"] for token in tokens] == values
        for token in tokens:
            with database.reading() as uow:
                caller = authenticate_token(token["token"], uow)
                assert isinstance(caller, SellerCaller)
                page = list_seller_orders(caller, SellerQuery(), "en-us", uow)
            assert str(views_on(page)[0].datasource) == token["seller_uuid"]
            assert sorted(caller.scopes) == token["scopes"]

    def test_some_orders_have_several_sellers(self, seeding: Seeding, database: Database) -> None:
        seeding.run()

        numbers: list[str] = []
        for token in seeding.manifest["tokens"]:
            with database.reading() as uow:
                caller = authenticate_token(token["token"], uow)
                assert isinstance(caller, SellerCaller)
                page = list_seller_orders(caller, SellerQuery(limit=500), "en-us", uow)
            numbers += [view.number for view in views_on(page)]
        assert len(numbers) > len(set(numbers))

    def test_the_manifest_says_who_each_session_is(
        self, seeding: Seeding, clients: Clients
    ) -> None:
        seeding.run()

        demo, _, guest = seeding.manifest["sessions"]
        client = clients.new(demo["session"])
        page = client.get("/users/orders/?limit=100").json()
        old_page = client.get("/users/old-orders/").json()
        assert seeding.manifest["cookie_name"] == "sessionid"
        assert (demo["kind"], demo["email"]) == ("registered", DEMO_EMAIL)
        assert (guest["kind"], guest["password"]) == ("guest", None)
        assert {row["user"] for row in page["results"]} == {demo["user_pk"]}
        assert {row["number"]: row["pk"] for row in page["results"]} == dict(
            zip(demo["order_numbers"], demo["order_pks"], strict=True)
        )
        assert old_page["count"] == len(demo["old_order_pks"]) == DEMO_OLD_ORDERS

    def test_only_the_owner_can_read_its_files(self, seeding: Seeding) -> None:
        seeding.run()

        for path in (seeding.sessions_file, seeding.tokens_file, seeding.manifest_file):
            assert path.stat().st_mode & 0o077 == 0

    def test_twice_doubles_nothing_but_sessions(self, seeding: Seeding) -> None:
        seeding.run()
        before = seeding.manifest["sessions"]

        seeding.run()

        after = seeding.manifest["sessions"]
        assert {row["session"] for row in before}.isdisjoint(row["session"] for row in after)
        for name in ("user_pk", "order_pks", "old_order_pks"):
            assert [row[name] for row in before] == [row[name] for row in after]

    def test_some_items_can_be_traded_in_and_the_owner_gets_an_email_for_each(
        self, seeding: Seeding, clients: Clients, database: Database
    ) -> None:
        for _ in range(2):
            seeding.run()

        client = clients.new(seeding.manifest["sessions"][0]["session"])
        orders = client.get("/users/orders/?limit=100").json()["results"]
        items = [item for order in orders for item in order["orderitem_set"]]
        assert [item["is_tradable"] for item in items].count(True) == 2
        with database.reading() as uow:
            assert uow.outbox.count(None) == 2
            events = uow.outbox.events(None, PageRequest())
        assert {event.kind for event in events} == {OutboxKind.TRADE_IN_OFFERED}
        assert {event.payload["email"] for event in events} == {DEMO_EMAIL}

    @pytest.mark.no_cover  # the same lines for every order
    def test_every_order_can_be_served_in_both_languages(
        self, seeding: Seeding, clients: Clients
    ) -> None:
        seeding.run()

        client = clients.new(seeding.manifest["sessions"][0]["session"])
        for language in ("tr-tr", "en-us"):
            headers = {"Accept-Language": language}
            for path in ("/users/orders/?limit=100", "/users/old-orders/?limit=100"):
                assert client.get(path, headers=headers).status_code == 200

    def test_reports_a_number_of_another_user(self, waybill: Run, shop: Shop) -> None:
        shop.order(shop.user(), number="0000070000000001")

        result = waybill(*SEED, "--force")

        assert result.exit_code == 1
        assert "Another user's order has this number." in result.output

    def test_refuses_a_database_with_real_users(
        self, waybill: Run, shop: Shop, database: Database
    ) -> None:
        shop.user(email="ayse@shop.example.com")

        refused = waybill(*SEED)

        assert refused.exit_code == 1
        assert "--force adds it all the same." in refused.output
        with database.reading() as uow:
            assert uow.users.by_email_key(DEMO_EMAIL, UserType.REGISTERED) is None
        assert waybill(*SEED, "--force").exit_code == 0

    def test_creates_sessions_only(self, waybill: Run, tmp_path: Path) -> None:
        result = waybill(*SEED, "--sessions-file", str(tmp_path / "sessions"))

        assert result.exit_code == 0
        assert len((tmp_path / "sessions").read_text("utf-8").splitlines()) == 3

    @pytest.mark.parametrize(
        "option", [("--users", "0"), ("--orders-per-user", "10000"), ("--seed", "-1")]
    )
    def test_numbers_out_of_bounds_are_refused(self, waybill: Run, option: tuple[str, str]) -> None:
        assert waybill("seed", *option).exit_code == 2


class TestPlans:
    """Requests of the demo shop are part of its documents, and sellers see all of them."""

    def test_every_request_has_one(self, seeding: Seeding, database: Database) -> None:
        seeding.run()

        statuses: Counter[PlanStatus] = Counter()
        for pk in {pk for row in seeding.manifest["sessions"] for pk in row["order_pks"]}:
            with database.writing() as uow:
                order = uow.orders.get(pk)
                assert order is not None
                [whole] = uow.orders.lock_by_items([order.items[0].pk], None)
            requests = [request for item in whole.items for request in item.cancellation_requests]
            planned = [place.request for plan in whole.cancellation_plans for place in plan.items]
            assert sorted(request.pk for request in planned) == sorted(
                request.pk for request in requests
            )
            statuses.update(plan.status for plan in whole.cancellation_plans)

        assert statuses.keys() >= {
            PlanStatus.WAITING,
            PlanStatus.APPROVED,
            PlanStatus.REJECTED,
            PlanStatus.COMPLETED,
        }

    def test_match_the_amounts_of_requests(self, seeding: Seeding, database_url: str) -> None:
        seeding.run()

        assert broken_rules(database_url) == []
