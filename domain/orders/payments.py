"""Payment options and banks."""

from dataclasses import dataclass

from domain.shared.snapshots import Snapshot

CARD_PAYMENT_TYPES = frozenset(
    {"credit_card", "debit_card", "saved_card", "masterpass", "bkm_express"}
)


@dataclass(eq=False, kw_only=True)
class PaymentOption(Snapshot):
    """A payment option, as it was at the time of purchase."""

    name: str
    payment_type: str
    slug: str

    @property
    def is_card(self) -> bool:
        """Whether refunds can go back to the card."""
        return self.payment_type in CARD_PAYMENT_TYPES


@dataclass(eq=False, kw_only=True)
class Bank(Snapshot):
    """The bank of a card payment."""

    name: str
    slug: str
    logo: str | None = None
    logo_path: str | None = None
