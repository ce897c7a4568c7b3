"""How an order is paid."""

from dataclasses import dataclass

from domain.snapshots import Snapshot


@dataclass(eq=False, kw_only=True)
class PaymentOption(Snapshot):
    """A way to pay, as it was offered at the time of purchase."""

    name: str
    payment_type: str
    slug: str


@dataclass(eq=False, kw_only=True)
class Bank(Snapshot):
    """The bank of a card payment."""

    name: str
    slug: str
    logo: str | None = None
    logo_path: str | None = None
