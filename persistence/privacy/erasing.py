"""Erasing a person: the statements, table by table.

``tests/persistence/test_personal_data.py`` fills every column of these tables, and finds no word
of it afterwards. A new table or column has to be added there, and here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import sqlalchemy as sa

from domain.accounts.users import email_key
from domain.orders.addresses import Address, Location
from domain.orders.old_orders import OldOrder
from domain.orders.orders import Order
from domain.privacy.personal_data import ErasureResult
from persistence.accounts.one_time_tokens import one_time_tokens
from persistence.accounts.sessions import sessions
from persistence.accounts.users import users
from persistence.audit import audit_entries
from persistence.documents.cache import remove_documents
from persistence.idempotency import idempotency_keys
from persistence.imports.store import old_order_imports, order_imports
from persistence.orders.addresses import addresses, locations
from persistence.orders.cancellation_plans import cancellation_plans
from persistence.orders.cancellations import (
    cancellation_request_images,
    cancellation_requests,
    easy_returns,
)
from persistence.orders.discounts import discount_items
from persistence.orders.loyalty import loyalty_transactions
from persistence.orders.old_orders import OLD_ORDER_DOCUMENTS, old_order_items, old_orders
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.orders.queries import ORDER_DOCUMENTS
from persistence.orders.seller_projection import keep_seller_orders
from persistence.orders.snapshots import store_snapshots
from persistence.orders.trade_in_offers import trade_in_offers
from persistence.orders.versions import raise_versions_of
from persistence.outbox import outbox_events
from persistence.sql.aggregates import Aggregate
from persistence.sql.in_list import among
from persistence.sql.work import Work

_TRACES = ("tracking_url", "defined_tracking_url", "shipping_tracking_url", "tracking_number")
_OF_ORDER = (
    *("remote_addr", "gift_box_note", "notes", "bin_number", "e_archive_url", "extra_field"),
    *("basket", "card", "segment", *_TRACES),
)
# What a shopper had written on the goods may be in any of these.
_OF_ITEM = (
    *("e_archive_url", "extra_field", "image", *_TRACES),
    *("attributes", "attributes_kwargs", "localized_attributes", "localized_attributes_kwargs"),
)
_OF_RETURN = ("tracking_url", "tracking_number", "pickup_address_pk")
_OF_OLD_ORDER = ("tracking_number", "shipping_address", "billing_address")
_NO_CODE = "0"
_LOCATION = Aggregate(entity=Location, table=locations)


class Erasing:
    """One erasure; the users and their orders are locked."""

    def __init__(
        self,
        work: Work,
        user_pks: Sequence[int],
        now: datetime,
        languages: Sequence[str],
    ) -> None:
        self._work = work
        self._user_pks = user_pks
        self._languages = languages
        self._now = now
        self._orders = self._pks(orders.c.pk, orders.c.user_pk, user_pks)
        self._items = self._pks(order_items.c.pk, order_items.c.order_pk, self._orders)
        self._requests = self._pks(
            cancellation_requests.c.pk, cancellation_requests.c.order_item_pk, self._items
        )
        self._old_orders = self._pks(old_orders.c.pk, old_orders.c.user_pk, user_pks)

    def run(self) -> ErasureResult:
        """Erase everything; the order keeps foreign keys whole."""
        if self._work.dialect_name == "sqlite":
            # What was deleted is overwritten, instead of left in the free pages of the file.
            self._work.execute(sa.text("PRAGMA secure_delete = ON"))
        events = self._erase_events()
        self._erase_keys()
        self._erase_notes()
        self._erase_parts()
        self._erase_orders()
        self._replace_addresses()
        self._erase_old_orders()
        ended = self._delete(sessions, sessions.c.user_pk, self._user_pks)
        self._delete(one_time_tokens, one_time_tokens.c.user_pk, self._user_pks)
        self._erase_users()
        self._follow()
        return ErasureResult(
            users=len(self._user_pks),
            orders=len(self._orders),
            old_orders=len(self._old_orders),
            sessions=ended,
            event_uuids=events,
        )

    def _erase_events(self) -> list[UUID]:
        """Delete the e-mails to the person and about the orders, delivered or not."""
        numbers = set(self._pks(orders.c.number, orders.c.pk, self._orders))
        keys = {email_key(each) for each in self._emails()}
        found = self._work.execute(
            sa.select(outbox_events.c.pk, outbox_events.c.uuid, outbox_events.c.payload)
        )
        gone = [
            (pk, uuid)
            for pk, uuid, payload in found
            if payload.get("order_number") in numbers
            or email_key(payload.get("email") or "") in keys
        ]
        self._delete(outbox_events, outbox_events.c.pk, [pk for pk, _ in gone])
        return [uuid for _, uuid in gone]

    def _emails(self) -> Iterable[str]:
        for column, owner in (
            (users.c.email, users.c.pk),
            (orders.c.user_email, orders.c.user_pk),
            (old_orders.c.user_email, old_orders.c.user_pk),
        ):
            yield from self._pks(column, owner, self._user_pks)

    def _erase_keys(self) -> None:
        """Delete the keys that the person used, with the answers that were stored to them.

        Those of a grant do not say whose they are; the answer says which line it is about.
        """
        columns = idempotency_keys.c
        scopes = [f"{kind}:{pk}" for kind in ("user", "guest") for pk in self._user_pks]
        self._delete(idempotency_keys, columns.scope, scopes)
        granted = sa.select(columns.scope, columns.body).where(columns.scope.startswith("grant:"))
        items = set(self._items)
        own = {scope for scope, body in self._work.execute(granted) if _names(body, items)}
        self._delete(idempotency_keys, columns.scope, sorted(own))

    def _erase_notes(self) -> None:
        """Clear what operators and sellers wrote about the orders; who did what when stays."""
        uuids = [
            *self._pks(orders.c.uuid, orders.c.pk, self._orders),
            *self._pks(order_items.c.uuid, order_items.c.pk, self._items),
            *self._pks(cancellation_requests.c.uuid, cancellation_requests.c.pk, self._requests),
            *self._pks(cancellation_plans.c.uuid, cancellation_plans.c.order_pk, self._orders),
            *self._pks(trade_in_offers.c.uuid, trade_in_offers.c.order_item_pk, self._items),
        ]
        self._change(audit_entries, audit_entries.c.subject_uuid, uuids, {"note": None})
        plans: dict[str, Any] = {"note": None, "payment_plan": {}}
        self._change(cancellation_plans, cancellation_plans.c.order_pk, self._orders, plans)

    def _erase_parts(self) -> None:
        images, returns = cancellation_request_images, easy_returns
        self._delete(images, images.c.cancellation_request_pk, self._requests)
        nothing = dict.fromkeys(_OF_RETURN) | {"code": _NO_CODE}
        self._change(returns, returns.c.cancellation_request_pk, self._requests, nothing)
        account = dict.fromkeys(("description", "iban", "holder_name"))
        self._change(cancellation_requests, cancellation_requests.c.pk, self._requests, account)
        # Sellers have copies: what asks for changes since a moment gets these.
        nothing = dict.fromkeys(_OF_ITEM) | {"modified_date": self._now}
        self._change(order_items, order_items.c.pk, self._items, nothing)
        # Some shops make a code for one person alone.
        self._change(discount_items, discount_items.c.order_pk, self._orders, {"code": None})
        owner = loyalty_transactions.c.order_pk
        self._change(loyalty_transactions, owner, self._orders, {"user_email": None})
        # A movement that gives a request's money back is known by the request's UUID.
        uuids = self._pks(cancellation_requests.c.uuid, cancellation_requests.c.pk, self._requests)
        foreign = ~among(loyalty_transactions.c.reference, [str(each) for each in uuids])
        self._change(loyalty_transactions, owner, self._orders, {"reference": None}, foreign)

    def _erase_orders(self) -> None:
        nothing = dict.fromkeys(_OF_ORDER) | {"erased_date": self._now}
        nothing["modified_date"] = self._now
        self._change(orders, orders.c.pk, self._orders, nothing | {"user_email": _nobody()})
        self._delete(order_imports, order_imports.c.order_pk, self._orders)

    def _replace_addresses(self) -> None:
        """Give the orders addresses that name a country and a city, and delete the others.

        Addresses are never changed, since orders share them; one that an order of somebody else
        names as well is not the person's.
        """
        named = sa.select(orders.c.shipping_address_pk, orders.c.billing_address_pk)
        pairs = self._work.execute(named.where(among(orders.c.pk, self._orders))).all()
        own = set(self._pks(addresses.c.pk, addresses.c.user_pk, self._user_pks))
        own |= {pk for pair in pairs for pk in pair}
        replaced = self._anonymous(own)
        for name in ("shipping_address_pk", "billing_address_pk"):
            for old, new in replaced.items():
                change = sa.update(orders).where(
                    among(orders.c.pk, self._orders), orders.c[name] == old
                )
                self._work.execute(change.values({name: new}))
        # Sellers' orders name them, too, and follow the orders.
        keep_seller_orders(self._work, self._orders)
        self._delete(addresses, addresses.c.pk, self._unnamed(own - set(replaced.values())))

    def _anonymous(self, pks: Collection[int]) -> dict[int, int]:
        """Store the address that takes the place of each of these; return their pks."""
        found = sa.select(
            *(addresses.c[name] for name in ("pk", "user_pk", "address_type", "is_corporate")),
            *(addresses.c[name] for name in ("country_pk", "city_pk")),
        )
        made = {}
        for row in self._work.execute(found.where(among(addresses.c.pk, pks))).all():
            made[row.pk] = Address(
                user_pk=row.user_pk,
                title="",
                phone_number="",
                first_name="",
                last_name="",
                country=self._location(row.country_pk),
                city=self._location(row.city_pk),
                line="",
                address_type=row.address_type,
                is_corporate=row.is_corporate,
                is_active=False,
            )
        stored = store_snapshots(self._work, made.values())
        return {pk: stored[address.content_hash] for pk, address in made.items()}

    def _location(self, pk: int) -> Location:
        [location] = self._work.read(_LOCATION, [pk])
        return location

    def _unnamed(self, pks: Collection[int]) -> list[int]:
        """Return those of the addresses that nothing names any more."""
        columns = (orders.c.shipping_address_pk, orders.c.billing_address_pk)
        named = {
            pk
            for column in (*columns, easy_returns.c.pickup_address_pk)
            for pk in self._pks(column, column, pks)
        }
        return sorted(set(pks) - named)

    def _erase_old_orders(self) -> None:
        nothing = dict.fromkeys(_OF_OLD_ORDER) | {"extra_field": {}, "erased_date": self._now}
        nothing["user_email"] = _nobody()
        self._change(old_orders, old_orders.c.pk, self._old_orders, nothing)
        owner = old_order_items.c.old_order_pk
        self._change(old_order_items, owner, self._old_orders, {"extra_field": {}})
        self._delete(old_order_imports, old_order_imports.c.old_order_pk, self._old_orders)

    def _erase_users(self) -> None:
        for pk in self._user_pks:
            email = _nobody()
            nothing = {
                "email": email,
                "email_key": email_key(email),
                "password_hash": None,
                "first_name": "",
                "last_name": "",
                "is_active": False,
            }
            self._change(users, users.c.pk, [pk], nothing)

    def _follow(self) -> None:
        for kind, root, pks in (
            (ORDER_DOCUMENTS, Order, self._orders),
            (OLD_ORDER_DOCUMENTS, OldOrder, self._old_orders),
        ):
            versions = raise_versions_of(self._work, root, pks)
            remove_documents(self._work, kind, versions, self._languages)

    def _pks(
        self, column: sa.Column[Any], owner: sa.Column[Any], owner_pks: Collection[int]
    ) -> Sequence[Any]:
        """Return the values of ``column`` in the rows of these owners."""
        found = sa.select(column).where(among(owner, owner_pks)).distinct().order_by(column)
        return self._work.scalars(found).all()

    def _change(
        self,
        table: sa.Table,
        owner: sa.Column[Any],
        owner_pks: Collection[Any],
        values: Mapping[str, Any],
        *conditions: sa.ColumnElement[bool],
    ) -> None:
        changed = sa.update(table).where(among(owner, owner_pks), *conditions)
        self._work.execute(changed.values(**values))

    def _delete(self, table: sa.Table, owner: sa.Column[Any], owner_pks: Collection[Any]) -> int:
        gone = sa.delete(table).where(among(owner, owner_pks)).returning(owner)
        return len(self._work.execute(gone).all())


def _nobody() -> str:
    """An address that no mail server has (RFC 2606), and nobody can guess."""
    return f"erased-{uuid4().hex}@erased.invalid"


def _names(body: bytes | None, item_pks: Collection[int]) -> bool:
    """Whether an answer to a request is about one of the lines."""
    try:
        answer = orjson.loads(body or b"null")
    except orjson.JSONDecodeError:
        return False
    rows = answer if isinstance(answer, list) else [answer]
    return any(isinstance(row, dict) and row.get("order_item") in item_pks for row in rows)
