"""Rows that imported orders reference: places, addresses, products, carriers, sellers, reasons."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from domain.imports.orders import ImportedAddress, ImportedItem, ImportedOrder
from domain.orders.addresses import Address, Location, LocationKind
from domain.orders.states import CLOSED
from domain.shared.identifiers import derived_uuid
from domain.shared.snapshots import Snapshot
from persistence.cancellations.return_carriers import active_companies
from persistence.imports.users import ImportedUsers
from persistence.orders.cancellations import cancellation_reasons
from persistence.orders.sellers import sellers
from persistence.orders.snapshots import store_snapshots
from persistence.sql.bulk import DoNothing, insert_rows
from persistence.sql.columns import OWNER
from persistence.sql.in_list import in_list
from persistence.sql.work import Work


class ImportedReferences:
    """The rows that a batch references; missing ones are stored.

    Snapshots get their ``pk``. Sellers are looked up by slug, reasons by UUID, and the shipping and
    billing address of an order by its number.
    """

    def __init__(
        self,
        work: Work,
        batch: Sequence[ImportedOrder],
        users: ImportedUsers,
        now: datetime,
    ) -> None:
        self._work = work
        self._users = users
        self._store_snapshots(batch)
        self._addresses = self._store_addresses(batch)
        self._sellers = self._store_sellers(batch)
        self._reasons = self._store_reasons(batch, now)
        self._return_companies = active_companies(work)

    def user_pk(self, order: ImportedOrder) -> int:
        """Return the pk of the user who ordered."""
        return self._users.pk(order.user)

    def order_row(self, order: ImportedOrder) -> dict[str, Any]:
        """Return the row of an order, without pk and version."""
        shipping_address, billing_address = self._addresses[order.number]
        return {
            **order.values,
            "user_pk": self.user_pk(order),
            "shipping_address_pk": shipping_address.pk,
            "billing_address_pk": billing_address.pk,
            "payment_option_pk": order.payment_option.pk,
            "bank_pk": _pk(order.bank),
            "shipping_company_pk": _pk(order.shipping_company),
        }

    def line_row(self, item: ImportedItem, order_pk: int, user_pk: int) -> dict[str, Any]:
        """Return the row of a line, without pk."""
        return {
            **item.values,
            "order_pk": order_pk,
            OWNER: user_pk,
            "product_pk": item.product.pk,
            "seller_pk": self._sellers[item.seller.slug] if item.seller else None,
            "shipping_company_pk": _pk(item.shipping_company),
            "shipping_option_group_pk": _pk(item.shipping_option_group),
        }

    def return_company_rows(
        self, item: ImportedItem, item_pk: int, user_pk: int
    ) -> list[dict[str, Any]]:
        """Return the rows of the carriers for returns of a line.

        These are the document's, or, if it has none, those that the shop offers for every line.
        """
        named = {company.pk for company in item.easy_return_companies}
        is_closed = item.values["state"] in CLOSED
        offered = set() if is_closed else self._return_companies
        return [
            {"order_item_pk": item_pk, OWNER: user_pk, "company_pk": pk, "is_shops": not named}
            for pk in named or offered
        ]

    def reason_pk(self, uuid: UUID) -> int:
        """Return the pk of a cancellation reason."""
        return self._reasons[uuid]

    def _store_snapshots(self, batch: Sequence[ImportedOrder]) -> None:
        items = [item for order in batch for item in order.items]
        requests = [request for item in items for request in item.requests]
        returns = [request.easy_return for request in requests if request.easy_return]
        returning = [company for item in items for company in item.easy_return_companies]
        shipped: list[Any] = [*batch, *items, *returns, *returning]
        for owners, attribute in (
            (batch, "payment_option"),
            (batch, "bank"),
            (items, "product"),
            (items, "shipping_option_group"),
            (shipped, "shipping_company"),
        ):
            self._store(getattr(owner, attribute) for owner in owners)
        # These reference a shipping company, which has to be stored first.
        self._store(returning)

    def _store(self, snapshots: Iterable[Snapshot | None]) -> None:
        present = [snapshot for snapshot in snapshots if snapshot is not None]
        pks = store_snapshots(self._work, present)
        for snapshot in present:
            snapshot.pk = pks[snapshot.content_hash]

    def _store_addresses(
        self, batch: Sequence[ImportedOrder]
    ) -> dict[str, tuple[Address, Address]]:
        imported_addresses = [
            (order, address)
            for order in batch
            for address in (order.shipping_address, order.billing_address)
        ]
        places = self._store_places([address for _, address in imported_addresses])
        stored: dict[tuple[Any, ...], Address] = {}
        addresses = []
        for (order, address), above in zip(imported_addresses, places, strict=True):
            user_pk = self.user_pk(order)
            key = (user_pk, orjson.dumps(address.values), *(place.pk for place in above.values()))
            if key not in stored:
                stored[key] = Address(**address.values, **above, user_pk=user_pk)
            addresses.append(stored[key])
        self._store(stored.values())
        pairs = zip(addresses[::2], addresses[1::2], strict=True)
        return {order.number: pair for order, pair in zip(batch, pairs, strict=True)}

    def _store_places(self, imported_addresses: Sequence[ImportedAddress]) -> list[dict[str, Any]]:
        """Return the places of each address by kind.

        A place references those that it lies in, so countries are stored first, then cities.
        """
        places: list[dict[str, Any]] = [{} for _ in imported_addresses]
        for kind in LocationKind:
            stored: dict[tuple[Any, ...], Location] = {}
            for address, above in zip(imported_addresses, places, strict=True):
                if kind not in address.places:
                    continue
                values = address.places[kind]
                lies_in: dict[str, Any] = {f"{name}_pk": place.pk for name, place in above.items()}
                key = (orjson.dumps(values), *lies_in.items())
                if key not in stored:
                    stored[key] = Location(kind=kind, **values, **lies_in)
                above[kind] = stored[key]
            self._store(stored.values())
        return places

    def _store_sellers(self, batch: Sequence[ImportedOrder]) -> dict[str, int]:
        named = {
            item.seller.slug: {
                "uuid": derived_uuid("Seller", item.seller.slug),
                "slug": item.seller.slug,
                "name": item.seller.name,
            }
            for order in batch
            for item in order.items
            if item.seller
        }
        return self._store_by_key(sellers.c.slug, named)

    def _store_reasons(self, batch: Sequence[ImportedOrder], now: datetime) -> dict[UUID, int]:
        named = {
            request.reason["uuid"]: {**request.reason, "created_date": now, "modified_date": now}
            for order in batch
            for item in order.items
            for request in item.requests
        }
        return self._store_by_key(cancellation_reasons.c.uuid, named)

    def _store_by_key(
        self, key: sa.Column[Any], rows: Mapping[Any, dict[str, Any]]
    ) -> dict[Any, int]:
        """Store the rows with a new key; stored rows stay as they are."""
        if not rows:
            return {}
        table = key.table
        stored = sa.select(key, table.c.pk).where(in_list(key, rows))
        pks = dict(self._work.execute(stored).all())
        missing = sorted(rows.keys() - pks.keys())
        if missing:
            new_rows = [rows[value] for value in missing]
            insert_rows(self._work, table, new_rows, DoNothing())
            pks = dict(self._work.execute(stored).all())
        return pks


def _pk(snapshot: Snapshot | None) -> int | None:
    return None if snapshot is None else snapshot.pk
