"""Reads parts of import documents: values that need more than a schema, and their errors."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from domain.orders.addresses import AddressType
from domain.orders.cancellations import CancellationType, CancelStatus
from domain.orders.orders import OrderType
from domain.orders.states import OrderState
from domain.shared.errors import InvalidInput
from domain.shared.money import Currency, InvalidAmount, parse_amount, parse_rate
from domain.shared.snapshots import Snapshot

_POOL_SIZE = 10_000

SnapshotT = TypeVar("SnapshotT", bound=Snapshot)


class Rejected(InvalidInput):
    """A document that can not be stored; ``pointer`` (RFC 6901) is the place of the error."""

    code = "rejected_document"

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer


class SettledHere(Rejected):
    """A document that contradicts what was settled here of the stored order."""

    code = "settled_here"


class ArchivedHere(Rejected):
    """A document of an order that was archived: it would bring the order back."""

    code = "archived"

    def __init__(self) -> None:
        super().__init__("/number", "This order was archived.")


class Part:
    """One object of a valid document, its JSON pointer, and the document's currency."""

    def __init__(self, values: Mapping[str, Any], pointer: str, currency: Currency) -> None:
        self.values = values
        self.pointer = pointer
        self.currency = currency

    def part(self, name: str) -> "Part":
        """Return the object under ``name``, which must exist."""
        return Part(self.values[name], f"{self.pointer}/{name}", self.currency)

    def optional_part(self, name: str) -> "Part | None":
        """Return the object under ``name``, or None if it is absent or null."""
        return None if self.values.get(name) is None else self.part(name)

    def parts(self, name: str) -> list["Part"]:
        """Return the objects of the array under ``name``."""
        pointer = f"{self.pointer}/{name}"
        return [
            Part(values, f"{pointer}/{index}", self.currency)
            for index, values in enumerate(self.values.get(name, ()))
        ]

    def rejected(self, name: str, message: str) -> Rejected:
        """Return the error about the value under ``name``."""
        return Rejected(f"{self.pointer}/{name}", message)

    def read(self, name: str, reader: "Reader | None" = None) -> Any:
        """Return the value under ``name`` in the type of the entities; the name decides the reader.

        Raises Rejected for a value that only the schema accepts: too many decimals for the
        currency, a leap second, a time before the year 1.
        """
        value = self.values[name]
        reader = reader or _READERS.get(name)
        if value is None or reader is None:
            return value
        try:
            return reader(value, self.currency)
        except InvalidAmount as refusal:
            raise self.rejected(name, refusal.message % refusal.params) from None
        except (ValueError, OverflowError):
            raise self.rejected(name, "This moment can not be kept.") from None

    def read_or(self, name: str, default: Any) -> Any:
        """Return ``read(name)``, or ``default`` if the member is absent."""
        return self.read(name) if name in self.values else default

    def read_fields(self, defaults: Mapping[str, Any]) -> dict[str, Any]:
        """Return a value for each name in ``defaults``: the document's, or the default."""
        values = {
            name: self.read(name) if name in _READERS else value
            for name, value in self.values.items()
            if name in defaults
        }
        return {**defaults, **values}


class SnapshotPool:
    """The snapshots that documents name, created once for each content.

    A shop has a few banks and carriers, and thousands of orders that name them. A full pool is
    emptied, since there may be millions of products.
    """

    def __init__(self) -> None:
        self._snapshots: dict[tuple[type, str], Any] = {}

    def get(self, kind: type[SnapshotT], values: Mapping[str, Any]) -> SnapshotT:
        """Return the snapshot of this kind with these values."""
        key = (kind, repr(values))
        if key not in self._snapshots:
            if len(self._snapshots) == _POOL_SIZE:
                self._snapshots.clear()
            self._snapshots[key] = kind(**values)
        snapshot: SnapshotT = self._snapshots[key]
        return snapshot

    def get_optional(
        self, kind: type[SnapshotT], values: Mapping[str, Any] | None
    ) -> SnapshotT | None:
        """Return None for no values, and else what ``get`` returns."""
        return None if values is None else self.get(kind, values)


def defaults_of(entity: type, *without: str) -> dict[str, Any]:
    """Return the defaults of a dataclass by attribute, ``without`` some.

    Documents use the names of the entities, so these values can be copied.
    """
    return {
        field.name: field.default
        for field in fields(entity)
        if field.init and field.default is not MISSING and field.name not in without
    }


def _moment(text: str, _: Currency) -> datetime:
    """Read a time with an offset; a day stands for its start in UTC."""
    moment = datetime.fromisoformat(text.upper())
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(text: str, _: Currency) -> date:
    return date.fromisoformat(text)


def _rate(text: str, _: Currency) -> int:
    return parse_rate(text)


def signed_amount(text: str, currency: Currency) -> int:
    """Read an amount that may be below zero."""
    return parse_amount(text, currency, signed=True)


Reader = Callable[[str, Currency], Any]

_READERS: dict[str, Reader] = {
    **dict.fromkeys(
        (
            "amount",
            "discount_amount",
            "discount_refund_amount",
            "installment_interest_amount",
            "price",
            "refund_amount",
            "retail_price",
            "shipping_amount",
            "shipping_refund_amount",
            "unit_price",
        ),
        parse_amount,
    ),
    **dict.fromkeys(("shipping_tax_rate", "tax_rate"), _rate),
    **dict.fromkeys(
        (
            "created_date",
            "delivered_date",
            "delivery_range",
            "end_date",
            "invoice_date",
            "modified_date",
            "shipped_date",
            "start_date",
        ),
        _moment,
    ),
    **dict.fromkeys(("date", "estimated_delivery_date"), _day),
    "address_type": lambda text, _: AddressType(text),
    "cancel_status": lambda text, _: CancelStatus(text),
    "cancellation_type": lambda text, _: CancellationType(text),
    "order_type": lambda text, _: OrderType(text),
    "state": lambda text, _: OrderState(text),
    "state_before_cancellation": lambda text, _: OrderState(text),
}


class ErasedHere(Rejected):
    """A document of an order whose personal data was erased: storing it would restore the data."""

    code = "erased"

    def __init__(self) -> None:
        super().__init__("/number", "The personal data of this order was erased.")
