from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from domain.accounts.users import User
from persistence.accounts.sessions import sessions
from persistence.accounts.users import users
from persistence.database import Database
from persistence.engine.engines import Engines
from persistence.orders.cancellations import cancellation_requests
from persistence.orders.discounts import discount_items
from persistence.orders.old_orders import old_orders
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from tests.support.builders import make_discount, make_item, make_request
from tests.support.stored import store_old_order, store_order, store_reason

WALLS: list[tuple[sa.Table, dict[str, Any]]] = [
    (orders, {"state": "lost"}),
    (orders, {"currency": "xyz"}),
    (orders, {"order_type": "gift"}),
    (orders, {"shipping_amount": -1}),
    (orders, {"refund_amount": -1}),
    (orders, {"installment_interest_amount": -1}),
    (orders, {"installment_count": -1}),
    (orders, {"number": "9" * 65}),
    (orders, {"version": 0}),
    (order_items, {"state": "lost"}),
    (order_items, {"cancel_status": "lost"}),
    (order_items, {"quantity": 0}),
    (order_items, {"quantity": 10**6 + 1}),
    (order_items, {"cancelled_quantity": -1}),
    (order_items, {"cancelled_quantity": 1, "refunded_quantity": 1}),
    (order_items, {"price": -1}),
    (order_items, {"discount_amount": 10001}),
    (order_items, {"line": 0}),
    (order_items, {"tax_rate": -1}),
    (discount_items, {"amount": -1}),
    (old_orders, {"amount": -1}),
    (old_orders, {"currency": "xyz"}),
    (old_orders, {"bank": "b" * 101}),
    (cancellation_requests, {"status": "lost"}),
    (cancellation_requests, {"quantity": 0}),
    (users, {"user_type": "robot"}),
]


class TestConstraints:
    @pytest.mark.parametrize(("table", "values"), WALLS, ids=str)
    def test_refuse_what_no_rule_allows(
        self,
        database: Database,
        engines: Engines,
        shopper: User,
        table: sa.Table,
        values: dict[str, Any],
    ) -> None:
        request = make_request(reason_pk=store_reason(engines).pk)
        item = make_item(cancellation_requests=[request])
        discounts = [make_discount()]
        store_order(database, user_pk=shopper.pk, items=[item], discounts=discounts)
        store_old_order(database, user_pk=shopper.pk)
        # Literals bypass the checks of the column's type: they have the type of their value.
        change = {table.c[name]: sa.literal(value) for name, value in values.items()}

        with engines.writing.connect() as connection, pytest.raises(IntegrityError):
            connection.execute(sa.update(table).values(change))

    def test_refuse_an_order_of_an_absent_user(self, database: Database) -> None:
        with pytest.raises(IntegrityError):
            store_order(database, user_pk=10**9)

    def test_allow_one_open_request_of_a_type_for_an_item(
        self, database: Database, engines: Engines, shopper: User
    ) -> None:
        reason_pk = store_reason(engines).pk
        requests = [make_request(reason_pk=reason_pk) for _ in range(2)]

        with pytest.raises(IntegrityError):
            store_order(
                database, user_pk=shopper.pk, items=[make_item(cancellation_requests=requests)]
            )


class TestUtcDateTime:
    @pytest.mark.parametrize(
        "moment",
        [
            datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC),
            datetime(1, 1, 1, tzinfo=UTC),
            datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
            datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=3))),
        ],
        ids=str,
    )
    def test_keeps_the_moment(self, database: Database, shopper: User, moment: datetime) -> None:
        pk = store_order(database, user_pk=shopper.pk, invoice_date=moment).pk

        with database.reading() as uow:
            order = uow.orders.get(pk)

        assert order is not None
        assert order.invoice_date == moment
        assert order.invoice_date.tzinfo is UTC

    def test_refuses_a_datetime_without_a_zone(self, database: Database, shopper: User) -> None:
        naive = datetime.fromisoformat("2026-03-01")

        with pytest.raises(ValueError, match="time zone"):
            store_order(database, user_pk=shopper.pk, invoice_date=naive)

    def test_compares_as_a_point_in_time(self, engines: Engines, shopper: User) -> None:
        istanbul = timezone(timedelta(hours=3))
        same = shopper.created_date.astimezone(istanbul)
        earlier = sa.select(users.c.pk).where(users.c.created_date < same)

        with engines.autocommit.connect() as connection:
            assert connection.execute(earlier).all() == []


class TestJson:
    def test_none_is_null(self, database: Database, engines: Engines, shopper: User) -> None:
        store_order(database, user_pk=shopper.pk, extra_field=None)
        unset = sa.select(sa.func.count()).where(orders.c.extra_field.is_(sa.null()))

        with engines.autocommit.connect() as connection:
            assert connection.execute(unset).scalar_one() == 1


def test_the_hash_of_a_session_has_32_bytes(engines: Engines, shopper: User) -> None:
    half = {"id_hash": b"half", "user_pk": shopper.pk}
    dates = dict.fromkeys(("created_date", "expires_date"), shopper.created_date)

    with engines.writing.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(sa.insert(sessions), half | dates)
