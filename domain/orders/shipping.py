"""Carriers and shipping options, for delivery and return."""

from dataclasses import dataclass

from domain.shared.money import Currency
from domain.shared.snapshots import Snapshot


@dataclass(eq=False, kw_only=True)
class ShippingCompany(Snapshot):
    """A carrier: ``value`` is its code, ``label`` its name."""

    value: str
    label: str


@dataclass(eq=False, kw_only=True)
class ShippingOptionGroup(Snapshot):
    """The shipping option chosen for a line; ``amount`` in minor units of ``currency``."""

    amount: int
    currency: Currency
    shipping_option_name: str
    shipping_option_logo: str | None = None


@dataclass(eq=False, kw_only=True)
class EasyReturnShippingCompany(Snapshot):
    """A carrier that returns a line without a visit to a branch."""

    shipping_company: ShippingCompany
    name: str
    requires_pickup_address: bool = False
