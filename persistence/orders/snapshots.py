"""Rows that never change, one for each content."""

from collections.abc import Iterable

import sqlalchemy as sa

from domain.orders.addresses import Address, Location
from domain.orders.payments import Bank, PaymentOption
from domain.orders.products import Product
from domain.orders.shipping import EasyReturnShippingCompany, ShippingCompany, ShippingOptionGroup
from domain.shared.snapshots import Snapshot
from persistence.orders.addresses import addresses, locations
from persistence.orders.payments import banks, payment_options
from persistence.orders.products import products
from persistence.orders.shipping import (
    easy_return_shipping_companies,
    shipping_companies,
    shipping_option_groups,
)
from persistence.sql.references import row_of, store_by_hash
from persistence.sql.work import Work

TABLES: dict[type, sa.Table] = {
    Location: locations,
    Address: addresses,
    PaymentOption: payment_options,
    Bank: banks,
    Product: products,
    ShippingCompany: shipping_companies,
    ShippingOptionGroup: shipping_option_groups,
    EasyReturnShippingCompany: easy_return_shipping_companies,
}


def store_snapshots(work: Work, snapshots: Iterable[Snapshot]) -> dict[str, int]:
    """Store the ``snapshots`` (all of one class) that have new content.

    Returns the pk of each ``content_hash``. Referenced snapshots (a carrier, a city) have to be
    stored before. Two writers of the same content do not conflict: one waits and gets the other's
    row.
    """
    by_hash = {snapshot.content_hash: snapshot for snapshot in snapshots}
    if not by_hash:
        return {}
    table = TABLES[type(next(iter(by_hash.values())))]
    rows = {key: row_of(table, snapshot) for key, snapshot in by_hash.items()}
    return store_by_hash(work, table, rows)
