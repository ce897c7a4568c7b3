"""The carriers by which a shop lets every line be returned whose document names none."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

from domain.audit import AuditWork, Subject, record_activity, record_change, state_of
from domain.orders.shipping import EasyReturnShippingCompany, ShippingCompany
from domain.shared.errors import Conflict, InvalidInput, NotFound
from domain.shared.identifiers import require_storable_pk
from domain.shared.paging import Page, PageRequest
from domain.shared.texts import require_text

MAX_TEXT_LENGTH = 200

_CODE = re.compile(r"[A-Za-z0-9._-]{1,64}")  # as in openapi/imports/documents.yaml


@dataclass(eq=False, kw_only=True)
class ReturnCarrier:
    """A carrier of the shop; ``company`` is the snapshot that lines offer, one row for each."""

    pk: int = field(init=False, repr=False)
    uuid: UUID = field(default_factory=uuid4)
    company: EasyReturnShippingCompany
    is_active: bool = True
    created_date: datetime
    modified_date: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CarrierDraft:
    """What an operator says of a carrier; None leaves the value as it is.

    ``code`` is what programs know the carrier by, ``label`` its name, and ``name`` the service
    that it offers, as shoppers read it.
    """

    code: str | None = None
    label: str | None = None
    name: str | None = None
    requires_pickup_address: bool | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """One batch of orders whose lines follow the carriers; ``last`` is its highest pk."""

    last: int
    orders: int


class ReturnCarriers(Protocol):
    """The stored carriers, and the lines that offer them."""

    def add(self, carrier: ReturnCarrier) -> None:
        """Store ``carrier`` and give it its ``pk``. Raises CarrierTaken."""

    def lock(self, pk: int) -> ReturnCarrier | None:
        """Return the carrier with this pk, and keep every import out until the end."""

    def replace_company(self, carrier: ReturnCarrier, company: EasyReturnShippingCompany) -> None:
        """Have ``carrier`` offer another snapshot. Raises CarrierTaken."""

    def count(self) -> int:
        """Return how many carriers there are."""

    def page(self, page: PageRequest) -> list[ReturnCarrier]:
        """Return one page of the carriers, by pk."""

    def offer(self, after: int, since: datetime, limit: int) -> Offered | None:
        """Make the lines of some orders offer what the active carriers are now.

        At most ``limit`` orders above the pk ``after``, in the order of their pks, locked in that
        order; their versions rise. A carrier is added to lines that are not over and were not
        delivered before ``since``, and that offer none of their own; it is taken from every line
        that offers it for the shop. None: no order above ``after`` is left.
        """


class CarrierWork(AuditWork, Protocol):
    """A unit of work on return carriers."""

    @property
    def return_carriers(self) -> ReturnCarriers: ...


class CarrierTaken(InvalidInput):
    """Another carrier of the shop says the same."""

    message = "The shop has this carrier already."
    code = "carrier_taken"


def list_carriers(page: PageRequest, uow: CarrierWork) -> Page[ReturnCarrier]:
    """Return one page of the carriers, by pk. Raises InvalidPage."""
    count = uow.return_carriers.count()
    page.require_within(count)
    return Page(count, page.number, page.limit, uow.return_carriers.page(page))


def add_carrier(draft: CarrierDraft, actor: str, uow: CarrierWork) -> ReturnCarrier:
    """Store a carrier; lines offer it once ``offer_carriers`` has reached them.

    Raises InvalidInput for a bad code or text, and CarrierTaken.
    """
    company = _company(draft)
    carrier = ReturnCarrier(company=company, created_date=uow.now, modified_date=uow.now)
    uow.return_carriers.add(carrier)
    record_change(Subject.RETURN_CARRIER, carrier.uuid, (None, state_of(carrier)), actor, uow)
    uow.commit()
    return carrier


def change_carrier(pk: int, draft: CarrierDraft, actor: str, uow: CarrierWork) -> ReturnCarrier:
    """Change what lines offer; parcels that are on their way keep what was chosen for them.

    Raises NotFound, Conflict for a carrier that is not active, InvalidInput as ``add_carrier``
    and CarrierTaken.
    """
    carrier = _found(pk, uow)
    if not carrier.is_active:
        raise Conflict("Only an active carrier can be changed.", code="carrier_inactive")
    old = carrier.company
    present = CarrierDraft(
        code=old.shipping_company.value,
        label=old.shipping_company.label,
        name=old.name,
        requires_pickup_address=old.requires_pickup_address,
    )
    named = ("code", "label", "name", "requires_pickup_address")
    given = {name: value for name in named if (value := getattr(draft, name)) is not None}
    company = _company(replace(present, **given))
    if company.content_hash != old.content_hash:
        uow.return_carriers.replace_company(carrier, company)
        carrier.modified_date = uow.now
        state, note = (state_of(carrier), state_of(carrier)), f"name was {old.name}"
        record_change(Subject.RETURN_CARRIER, carrier.uuid, state, actor, uow, note)
    uow.commit()
    return carrier


def switch_carrier(pk: int, is_active: bool, actor: str, uow: CarrierWork) -> ReturnCarrier:
    """Let new requests choose a carrier, or no longer. Raises NotFound."""
    carrier = _found(pk, uow)
    if carrier.is_active is not is_active:
        record_activity(Subject.RETURN_CARRIER, carrier, is_active, actor, uow)
        carrier.modified_date = uow.now
    uow.commit()
    return carrier


def offer_carriers(after: int, window: timedelta, limit: int, uow: CarrierWork) -> Offered | None:
    """Bring the lines of the next ``limit`` orders up to the carriers, in one transaction.

    What a line offers is stored with it, and the version of its order rises in the same
    transaction. So no document is ever stale, and a request is judged by what the shopper was
    shown. Lines that were delivered more than ``window`` ago can't be returned, and get no
    carrier. To begin, ``after`` is 0; then it is ``last`` of the batch before. Each batch can be
    done again without effect.
    """
    offered = uow.return_carriers.offer(after, uow.now - window, limit)
    uow.commit()
    return offered


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


def _found(pk: int, uow: CarrierWork) -> ReturnCarrier:
    require_storable_pk(pk)
    carrier = uow.return_carriers.lock(pk)
    if carrier is None:
        raise NotFound
    return carrier
