"""Erasing a person's data, table by table.

``tests/handlers/cli/test_personal_data.py`` fills every column of these tables, and checks that
nothing is left. A new table or column has to be added there and here.
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
from persistence.accounts.emails import user_emails
from persistence.accounts.one_time_tokens import one_time_tokens
from persistence.accounts.sessions import sessions
from persistence.accounts.users import users
from persistence.audit import audit_entries
from persistence.documents.tables import invalidate_documents
from persistence.idempotency import idempotency_keys
from persistence.imports.kinds import old_order_imports, order_imports
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
from persistence.orders.seller_copying import remove_copied_addresses
from persistence.orders.seller_projection import rebuild_seller_orders
from persistence.orders.snapshots import store_snapshots
from persistence.orders.trade_in_offers import trade_in_offers
from persistence.orders.versions import raise_versions_of
from persistence.outbox import outbox_events
from persistence.sql.aggregates import Aggregate
from persistence.sql.bulk import insert_rows
from persistence.sql.in_list import in_list
from persistence.sql.work import Work

_TRACES = ("tracking_url", "defined_tracking_url", "shipping_tracking_url", "tracking_number")
_OF_ORDER = (
    *("remote_addr", "gift_box_note", "notes", "bin_number", "e_archive_url", "extra_field"),
    *("basket", "card", "segment", *_TRACES),
)
# A text that a shopper had printed on the goods may be in any of these.
_OF_ITEM = (
    *("e_archive_url", "extra_field", "image", *_TRACES),
    *("attributes", "attributes_kwargs", "localized_attributes", "localized_attributes_kwargs"),
)
_OF_RETURN = ("tracking_url", "tracking_number", "pickup_address_pk")
_OF_OLD_ORDER = ("tracking_number", "shipping_address", "billing_address")
_NO_CODE = "0"
_LOCATION = Aggregate(entity=Location, table=locations)


class Erasure:
    """One erasure. The users and their orders have to be locked."""

    def __init__(
        self,
        work: Work,
        user_pks: Sequence[int],
        now: datetime,
    ) -> None:
        self._work = work
        self._user_pks = user_pks
        self._now = now
        self._orders = self._pks(orders.c.pk, orders.c.user_pk, user_pks)
        self._items = self._pks(order_items.c.pk, order_items.c.order_pk, self._orders)
        self._requests = self._pks(
            cancellation_requests.c.pk, cancellation_requests.c.order_item_pk, self._items
        )
        self._old_orders = self._pks(old_orders.c.pk, old_orders.c.user_pk, user_pks)

    def run(self) -> ErasureResult:
        """Erase everything, in an order that satisfies foreign keys."""
        if self._work.dialect_name == "sqlite":
            # Overwrite deleted content, which would else stay in free pages of the file.
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
        self._raise_versions()
        return ErasureResult(
            users=len(self._user_pks),
            orders=len(self._orders),
            old_orders=len(self._old_orders),
            sessions=ended,
            event_uuids=events,
        )

    def _erase_events(self) -> list[UUID]:
        """Delete the e-mails to the person and about the orders, delivered or not."""
        numbers = {
            *self._pks(orders.c.number, orders.c.pk, self._orders),
            *self._pks(old_orders.c.number, old_orders.c.pk, self._old_orders),
        }
        keys = {email_key(email) for email in self._emails()}
        events = self._work.execute(
            sa.select(outbox_events.c.pk, outbox_events.c.uuid, outbox_events.c.payload)
        )
        own = [
            (pk, uuid)
            for pk, uuid, payload in events
            if payload.get("order_number") in numbers
            or email_key(payload.get("email") or "") in keys
        ]
        self._delete(outbox_events, outbox_events.c.pk, [pk for pk, _ in own])
        return [uuid for _, uuid in own]

    def _emails(self) -> Iterable[str]:
        for column, owner in (
            (users.c.email, users.c.pk),
            (orders.c.user_email, orders.c.user_pk),
            (old_orders.c.user_email, old_orders.c.user_pk),
        ):
            yield from self._pks(column, owner, self._user_pks)

    def _erase_keys(self) -> None:
        """Delete the person's idempotency keys, with the stored responses.

        The key of a grant does not name the user; the stored response names the line.
        """
        columns = idempotency_keys.c
        scopes = [f"{kind}:{pk}" for kind in ("user", "guest") for pk in self._user_pks]
        self._delete(idempotency_keys, columns.scope, scopes)
        granted = sa.select(columns.scope, columns.body).where(columns.scope.startswith("grant:"))
        items = set(self._items)
        own = {scope for scope, body in self._work.execute(granted) if _mentions(body, items)}
        self._delete(idempotency_keys, columns.scope, sorted(own))

    def _erase_notes(self) -> None:
        """Clear the notes of operators and sellers; who did what and when stays."""
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
        # Sellers have copies, and fetch changes by modified_date.
        nothing = dict.fromkeys(_OF_ITEM) | {"modified_date": self._now}
        self._change(order_items, order_items.c.pk, self._items, nothing)
        # A code may have been issued to one person.
        self._change(discount_items, discount_items.c.order_pk, self._orders, {"code": None})
        owner = loyalty_transactions.c.order_pk
        self._change(loyalty_transactions, owner, self._orders, {"user_email": None})
        # The reference of a refund is the request's UUID, and stays.
        uuids = self._pks(cancellation_requests.c.uuid, cancellation_requests.c.pk, self._requests)
        foreign = ~in_list(loyalty_transactions.c.reference, [str(uuid) for uuid in uuids])
        self._change(loyalty_transactions, owner, self._orders, {"reference": None}, foreign)

    def _erase_orders(self) -> None:
        nothing = dict.fromkeys(_OF_ORDER) | {"erased_date": self._now}
        nothing["modified_date"] = self._now
        self._change(
            orders, orders.c.pk, self._orders, nothing | {"user_email": _undeliverable_email()}
        )
        self._delete(order_imports, order_imports.c.order_pk, self._orders)

    def _replace_addresses(self) -> None:
        """Replace the orders' addresses by ones with country and city only; delete the old ones.

        Addresses are never changed, since orders share them. One that another user's order
        references as well is not deleted.
        """
        named = sa.select(orders.c.shipping_address_pk, orders.c.billing_address_pk)
        pairs = self._work.execute(named.where(in_list(orders.c.pk, self._orders))).all()
        own = set(self._pks(addresses.c.pk, addresses.c.user_pk, self._user_pks))
        own |= {pk for pair in pairs for pk in pair}
        replaced = self._anonymous(own)
        for name in ("shipping_address_pk", "billing_address_pk"):
            for old, new in replaced.items():
                change = sa.update(orders).where(
                    in_list(orders.c.pk, self._orders), orders.c[name] == old
                )
                self._work.execute(change.values({name: new}))
        # Sellers' orders reference the addresses, too.
        rebuild_seller_orders(self._work, self._orders)
        erased = self._unnamed(own - set(replaced.values()))
        self._delete(addresses, addresses.c.pk, erased)
        remove_copied_addresses(self._work, erased)

    def _anonymous(self, pks: Collection[int]) -> dict[int, int]:
        """Store an anonymous copy of each address; return the pks of the copies by pk."""
        query = sa.select(
            *(addresses.c[name] for name in ("pk", "user_pk", "address_type", "is_corporate")),
            *(addresses.c[name] for name in ("country_pk", "city_pk")),
        )
        made = {}
        for row in self._work.execute(query.where(in_list(addresses.c.pk, pks))).all():
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
        """Return those of the addresses that nothing references any more."""
        columns = (orders.c.shipping_address_pk, orders.c.billing_address_pk)
        named = {
            pk
            for column in (*columns, easy_returns.c.pickup_address_pk)
            for pk in self._pks(column, column, pks)
        }
        return sorted(set(pks) - named)

    def _erase_old_orders(self) -> None:
        nothing = dict.fromkeys(_OF_OLD_ORDER) | {"extra_field": {}, "erased_date": self._now}
        nothing["user_email"] = _undeliverable_email()
        self._change(old_orders, old_orders.c.pk, self._old_orders, nothing)
        owner = old_order_items.c.old_order_pk
        self._change(old_order_items, owner, self._old_orders, {"extra_field": {}})
        self._delete(old_order_imports, old_order_imports.c.old_order_pk, self._old_orders)

    def _erase_users(self) -> None:
        for pk in self._user_pks:
            email = _undeliverable_email()
            nothing = {
                "email": email,
                "email_key": email_key(email),
                "password_hash": None,
                "first_name": "",
                "last_name": "",
                "is_active": False,
            }
            self._change(users, users.c.pk, [pk], nothing)
            self._replace_email(pk, email_key(email))

    def _replace_email(self, user_pk: int, key: str) -> None:
        columns = user_emails.c
        types = self._pks(columns.user_type, columns.user_pk, [user_pk])
        self._delete(user_emails, columns.user_pk, [user_pk])
        rows = [{"email_key": key, "user_type": kind, "user_pk": user_pk} for kind in types]
        insert_rows(self._work, user_emails, rows)

    def _raise_versions(self) -> None:
        for kind, root, pks in (
            (ORDER_DOCUMENTS, Order, self._orders),
            (OLD_ORDER_DOCUMENTS, OldOrder, self._old_orders),
        ):
            versions = raise_versions_of(self._work, root, pks)
            invalidate_documents(self._work, kind, versions)

    def _pks(
        self, column: sa.Column[Any], owner: sa.Column[Any], owner_pks: Collection[int]
    ) -> Sequence[Any]:
        """Return the values of ``column`` in the rows of these owners."""
        query = sa.select(column).where(in_list(owner, owner_pks)).distinct().order_by(column)
        return self._work.scalars(query).all()

    def _change(
        self,
        table: sa.Table,
        owner: sa.Column[Any],
        owner_pks: Collection[Any],
        values: Mapping[str, Any],
        *conditions: sa.ColumnElement[bool],
    ) -> None:
        query = sa.update(table).where(in_list(owner, owner_pks), *conditions)
        self._work.execute(query.values(**values))

    def _delete(self, table: sa.Table, owner: sa.Column[Any], owner_pks: Collection[Any]) -> int:
        query = sa.delete(table).where(in_list(owner, owner_pks)).returning(owner)
        return len(self._work.execute(query).all())


def _undeliverable_email() -> str:
    """Return a random address of a reserved domain (RFC 2606), which no mail server accepts."""
    return f"erased-{uuid4().hex}@erased.invalid"


def _mentions(body: bytes | None, item_pks: Collection[int]) -> bool:
    """Whether a stored response is about one of the lines."""
    try:
        answer = orjson.loads(body or b"null")
    except orjson.JSONDecodeError:
        return False
    rows = answer if isinstance(answer, list) else [answer]
    return any(isinstance(row, dict) and row.get("order_item") in item_pks for row in rows)
