"""Converts the JSON of Waybill's API to rows of the peers' tables."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import uuid4

import orjson
import psycopg
import sqlalchemy as sa
from psycopg import sql

from benchmarks.peers import order_tables, other_tables
from benchmarks.peers.tables import Base
from benchmarks.shop import Shop

Row = dict[str, Any]
_TABLES = Base.metadata.tables
_LIFETIME = timedelta(days=30)


class Rows:
    """Rows by table and primary key, so that shared objects are stored once."""

    def __init__(self) -> None:
        self.by_table: dict[str, dict[Any, Row]] = defaultdict(dict)

    def add(self, table: str, source: Any, **overrides: Any) -> None:
        """Add a row with values of ``overrides``, else of ``source``, by column name."""
        columns = _TABLES[table].columns
        row = {
            column.name: overrides[column.name]
            if column.name in overrides
            else _value(column.name, source)
            for column in columns
        }
        key = tuple(row[column.name] for column in _TABLES[table].primary_key)
        self.by_table[table][key] = row


def _value(name: str, source: Any) -> Any:
    if name in source:
        return source[name]
    if name == "id":
        return source["pk"]
    if name == "uuid":
        return uuid4()  # the API does not show them to shoppers
    base, _, kind = name.rpartition("_")
    value = source.get(base)
    if isinstance(value, dict) and kind in {"code", "id"}:
        return value.get("pk", value.get("value"))
    return value if kind == "id" else None


def make_rows(shop: Shop) -> Rows:
    """All rows of the shop."""
    rows = Rows()
    expires_date = datetime.now(UTC) + _LIFETIME
    for pk, email, session in shop.users:
        rows.add("users", {"pk": pk, "email": email}, is_active=True)
        hashed = sha256(session.encode()).digest()
        rows.add("sessions", {}, id_hash=hashed, user_id=pk, expires_date=expires_date)
    for order in shop.orders:
        _add_order(rows, order)
    for reason in shop.reasons:
        rows.add("cancellation_reasons", reason)
    _add_old_orders(rows, shop)
    _add_sellers(rows, shop, expires_date)
    return rows


def _add_order(rows: Rows, order: Any) -> None:
    for name in ("shipping_address", "billing_address"):
        address = order[name]
        for place in ("country", "city", "township", "district"):
            rows.add("locations", address[place])
        rows.add("addresses", address)
    rows.add("payment_options", order["payment_option"])
    if order["bank"]:
        rows.add("banks", order["bank"])
    _add_company(rows, order)
    rows.add("orders", order, version=1)
    for item in order["orderitem_set"]:
        _add_item(rows, item)
    for discount in order["discountitem_set"]:
        rows.add("discount_items", discount)
    for transaction in order["loyaltytransaction_set"]:
        rows.add("loyalty_transactions", transaction)


def _add_company(rows: Rows, source: Any) -> None:
    if source["shipping_company"]:
        rows.add("shipping_companies", source["shipping_company"])


def _add_item(rows: Rows, item: Any) -> None:
    rows.add("products", item["product"])
    _add_company(rows, item)
    if item["datasource_detailed"]:
        rows.add("sellers", item["datasource_detailed"])
    if item["shipping_option_group"]:
        rows.add("shipping_option_groups", item["shipping_option_group"])
    rows.add("order_items", item, currency_code=item["price_currency"]["value"])
    for company in item["available_easy_return_shipping_companies"]:
        _add_company(rows, company)
        rows.add("easy_return_companies", company)
        key = {"order_item_id": item["pk"], "company_id": company["pk"]}
        rows.add("item_easy_return_companies", key)
    for request in item["cancellationrequest_set"]:
        # The API does not list the shop's own reasons; requests bring them later.
        values = {"cancellation_type": request["cancellation_type"]["value"], "is_active": False}
        reason = {"pk": request["reason"], "extra_information_needed": False, **values}
        rows.add("cancellation_reasons", reason)
        rows.add("cancellation_requests", request)
        if request["easy_return"]:
            _add_company(rows, request["easy_return"])
            rows.add(
                "easy_returns", request["easy_return"], id=request["pk"], request_id=request["pk"]
            )
        for image in request["cancellation_request_image_set"]:
            rows.add("request_images", image)


def _add_old_orders(rows: Rows, shop: Shop) -> None:
    for order in shop.old_orders:
        _add_company(rows, order)
        rows.add("old_orders", order)
        for item in order["oldorderitem_set"]:
            rows.add("old_order_items", item, old_order_id=order["pk"])


def _add_sellers(rows: Rows, shop: Shop, expires_date: datetime) -> None:
    for seller in shop.sellers:
        hashed = sha256(seller.token.encode()).digest()
        rows.add(
            "seller_tokens",
            {"token_hash": hashed, "seller_id": seller.pk, "expires_date": expires_date},
            scopes="orders:read",
        )
    numbers = {order["number"]: order["pk"] for order in shop.orders}
    # For equal dates, the higher pk is the newer row.
    places = count(len(shop.seller_orders), -1)
    for place, (seller_pk, order) in zip(places, shop.seller_orders, strict=False):
        rows.add(
            "seller_orders",
            order,
            row=place,
            seller_id=seller_pk,
            order_id=numbers[order["number"]],
        )


def create_tables(url: str) -> None:
    """Create the tables of the peers that use SQLAlchemy."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    Base.metadata.create_all(engine)
    engine.dispose()


def store_rows(url: str, rows: Rows) -> None:
    """Copy the rows into the empty tables, and set the sequences of their keys."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table in Base.metadata.sorted_tables:
            if table.name not in rows.by_table:
                continue
            names = [column.name for column in table.columns]
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
            )
            with cursor.copy(statement) as copy:
                for values in _values(table, rows):
                    copy.write_row(values)
        for name in ("cancellation_requests", "easy_returns"):
            cursor.execute(
                sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({}, 'id'), coalesce(max(id), 1)) FROM {}"
                ).format(sql.Literal(name), sql.Identifier(name))
            )


def _values(table: sa.Table, rows: Rows) -> Iterator[list[Any]]:
    json_columns = [isinstance(column.type, sa.JSON) for column in table.columns]
    for row in rows.by_table[table.name].values():
        yield [
            orjson.dumps(value).decode() if is_json and value is not None else value
            for value, is_json in zip(row.values(), json_columns, strict=True)
        ]


# The tables below are named by the metadata alone.
_ = order_tables, other_tables
