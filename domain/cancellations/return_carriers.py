"""The shop's return carriers, for lines whose import document names none."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

from domain.audit import AuditWork, Subject, record_change, set_active, state_of
from domain.orders.shipping import EasyReturnShippingCompany, ShippingCompany
from domain.shared.errors import Conflict, InvalidInput, NotFound
from domain.shared.identifiers import require_storable_pk
from domain.shared.paging import Page, PageRequest
from domain.shared.texts import require_text

MAX_TEXT_LENGTH = 200

_CODE = re.compile(r"[A-Za-z0-9._-]{1,64}")  # as in openapi/imports/documents.yaml


@dataclass(eq=False, kw_only=True)
class ReturnCarrier:
    """A carrier of the shop; ``company`` is the snapshot that lines offer."""

    pk: int = field(init=False, repr=False)
    uuid: UUID = field(default_factory=uuid4)
    company: EasyReturnShippingCompany
    is_active: bool = True
    created_date: datetime
    modified_date: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CarrierDraft:
    """New values of a carrier; None keeps the present value.

    ``code`` is its identifier, ``label`` its name, and ``name`` the service that shoppers read.
    """

    code: str | None = None
    label: str | None = None
    name: str | None = None
    requires_pickup_address: bool | None = None


@dataclass(frozen=True, slots=True)
class OfferedBatch:
    """One batch of orders whose lines were updated; ``last`` is its highest pk."""

    last: int
    orders: int


class ReturnCarriers(Protocol):
    """The stored carriers, and the lines that offer them."""

    def add(self, carrier: ReturnCarrier) -> None:
        """Store ``carrier`` and give it its ``pk``. Raises CarrierTaken."""

    def lock(self, pk: int) -> ReturnCarrier | None:
        """Return the carrier with this pk; imports wait until the transaction ends."""

    def replace_company(self, carrier: ReturnCarrier, company: EasyReturnShippingCompany) -> None:
        """Give ``carrier`` another snapshot. Raises CarrierTaken."""

    def count(self) -> int:
        """Return how many carriers there are."""

    def page(self, page: PageRequest) -> list[ReturnCarrier]:
        """Return one page of the carriers, by pk."""

    def offer(self, after: int, since: datetime, limit: int) -> OfferedBatch | None:
        """Update the lines of some orders to offer the active carriers.

        Locks at most ``limit`` orders above the pk ``after``, by pk, and raises their versions. An
        active carrier is added to lines that are not closed, were not delivered before ``since``
        and offer none of their own; an inactive one is removed from all lines that offer it for
        the shop. Returns None if no order above ``after`` is left.
        """


class CarrierWork(AuditWork, Protocol):
    """A unit of work on return carriers."""

    @property
    def return_carriers(self) -> ReturnCarriers: ...


class CarrierTaken(InvalidInput):
    """Another carrier of the shop has the same values."""

    message = "The shop has this carrier already."
    code = "carrier_taken"


def list_carriers(page: PageRequest, uow: CarrierWork) -> Page[ReturnCarrier]:
    """Return one page of the carriers, by pk. Raises InvalidPage."""
    count = uow.return_carriers.count()
    page.require_within(count)
    return Page(count, page.number, page.limit, uow.return_carriers.page(page))


def add_carrier(draft: CarrierDraft, actor: str, uow: CarrierWork) -> ReturnCarrier:
    """Store a carrier; ``offer_carriers`` adds it to lines.

    Raises InvalidInput for a bad code or text, and CarrierTaken.
    """
    company = _company(draft)
    carrier = ReturnCarrier(company=company, created_date=uow.now, modified_date=uow.now)
    uow.return_carriers.add(carrier)
    record_change(Subject.RETURN_CARRIER, carrier.uuid, (None, state_of(carrier)), actor, uow)
    uow.commit()
    return carrier


def change_carrier(pk: int, draft: CarrierDraft, actor: str, uow: CarrierWork) -> ReturnCarrier:
    """Change a carrier; existing return parcels keep the old values.

    Raises NotFound, Conflict for an inactive carrier, InvalidInput as ``add_carrier`` and
    CarrierTaken.
    """
    carrier = _lock(pk, uow)
    if not carrier.is_active:
        raise Conflict("Only an active carrier can be changed.", code="carrier_inactive")
    old = carrier.company
    present = CarrierDraft(
        code=old.shipping_company.value,
        label=old.shipping_company.label,
        name=old.name,
        requires_pickup_address=old.requires_pickup_address,
    )
    fields = ("code", "label", "name", "requires_pickup_address")
    changes = {name: value for name in fields if (value := getattr(draft, name)) is not None}
    company = _company(replace(present, **changes))
    if company.content_hash != old.content_hash:
        uow.return_carriers.replace_company(carrier, company)
        carrier.modified_date = uow.now
        state, note = (state_of(carrier), state_of(carrier)), f"name was {old.name}"
        record_change(Subject.RETURN_CARRIER, carrier.uuid, state, actor, uow, note)
    uow.commit()
    return carrier


def set_carrier_active(pk: int, is_active: bool, actor: str, uow: CarrierWork) -> ReturnCarrier:
    """Activate or deactivate a carrier for new requests. Raises NotFound."""
    carrier = _lock(pk, uow)
    if carrier.is_active is not is_active:
        set_active(Subject.RETURN_CARRIER, carrier, is_active, actor, uow)
        carrier.modified_date = uow.now
    uow.commit()
    return carrier


def offer_carriers(
    after: int, window: timedelta, limit: int, uow: CarrierWork
) -> OfferedBatch | None:
    """Update the carriers of the lines of the next ``limit`` orders, in one transaction.

    The carriers of a line are stored with it, and the version of its order rises in the same
    transaction. So no document is ever stale, and a request is checked against what the shopper
    saw. Lines delivered more than ``window`` ago can't be returned, and get no carrier. ``after``
    is 0 at first, then ``last`` of the previous batch. A batch can be repeated without effect.
    """
    batch = uow.return_carriers.offer(after, uow.now - window, limit)
    uow.commit()
    return batch


def _company(draft: CarrierDraft) -> EasyReturnShippingCompany:
    if not _CODE.fullmatch(draft.code or ""):
        message = "Must be 1 to 64 letters, digits, dots, dashes and underscores."
        raise InvalidInput(message, code="invalid_code", field="code")
    label, name = draft.label or "", draft.name or ""
    require_text("label", label, MAX_TEXT_LENGTH)
    require_text("name", name, MAX_TEXT_LENGTH)
    return EasyReturnShippingCompany(
        shipping_company=ShippingCompany(value=draft.code or "", label=label.strip()),
        name=name.strip(),
        requires_pickup_address=bool(draft.requires_pickup_address),
    )


def _lock(pk: int, uow: CarrierWork) -> ReturnCarrier:
    require_storable_pk(pk)
    carrier = uow.return_carriers.lock(pk)
    if carrier is None:
        raise NotFound
    return carrier
