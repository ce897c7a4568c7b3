"""The reasons that shoppers may choose from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.audit import ACTIVE, AuditWork, Subject, record_activity, record_change
from domain.orders.cancellations import CancellationReason, CancellationType
from domain.shared.errors import Conflict, InvalidInput, NotFound
from domain.shared.identifiers import require_storable_pk
from domain.shared.paging import Page, PageRequest
from domain.shared.texts import require_text

MAX_SUBJECT_LENGTH = 200
MAX_ORDER = 10**6

_SELLER_REJECTION = UUID("0f6c2a52-5a0e-4c0e-9d9e-6d1f1c9b7e01")


class CancellationReasons(Protocol):
    """The stored reasons."""

    def add(self, reason: CancellationReason) -> None:
        """Store ``reason`` and give it its ``pk``."""

    def by_pks(self, pks: Collection[int]) -> Mapping[int, CancellationReason]:
        """Return those of the reasons that are there, inactive ones too."""

    def ensure(self, reason: CancellationReason) -> CancellationReason:
        """Return the stored reason with the UUID of ``reason``, which is stored if it is new."""

    def count_active(self, cancellation_type: CancellationType | None) -> int:
        """Return how many active reasons there are, of one type or of both."""

    def active(
        self, cancellation_type: CancellationType | None, page: PageRequest
    ) -> list[CancellationReason]:
        """Return one page of the active reasons, by ``order``, ties by pk."""

    def lock(self, pk: int) -> CancellationReason | None:
        """Return the reason with this pk; no other transaction changes it before this one ends."""

    def count(self, cancellation_type: CancellationType | None) -> int:
        """Return how many reasons there are, active or not."""

    def page(
        self, cancellation_type: CancellationType | None, page: PageRequest
    ) -> list[CancellationReason]:
        """Return one page of all reasons, by type, ``order`` and pk."""


class ReasonWork(AuditWork, Protocol):
    """A unit of work on cancellation reasons."""

    @property
    def cancellation_reasons(self) -> CancellationReasons: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonDraft:
    """What an operator says of a reason; None leaves the value as it is, or takes the default.

    ``subjects`` is the text that shoppers read, by language (``en-us``, ``tr-tr``).
    """

    subjects: Mapping[str, str]
    extra_information_needed: bool | None = None
    order: int | None = None


def seller_rejection(now: datetime) -> CancellationReason:
    """Return the reason of requests that a seller makes, which no shopper can choose."""
    return CancellationReason(
        uuid=_SELLER_REJECTION,
        cancellation_type=CancellationType.CANCEL,
        translations={
            "en-us": {"subject": "Rejected by the seller"},
            "tr-tr": {"subject": "Satıcı reddetti"},
        },
        order=900,
        is_active=False,
        created_date=now,
        modified_date=now,
    )


def list_cancellation_reasons(
    cancellation_type: CancellationType | None, page: PageRequest, uow: ReasonWork
) -> Page[CancellationReason]:
    """Return one page of the reasons that can be given, by their sort position.

    Raises InvalidPage.
    """
    count = uow.cancellation_reasons.count_active(cancellation_type)
    page.require_within(count)
    reasons = uow.cancellation_reasons.active(cancellation_type, page)
    return Page(count, page.number, page.limit, reasons)


def list_all_reasons(
    cancellation_type: CancellationType | None, page: PageRequest, uow: ReasonWork
) -> Page[CancellationReason]:
    """Return one page of all reasons, those that can't be chosen too. Raises InvalidPage."""
    count = uow.cancellation_reasons.count(cancellation_type)
    page.require_within(count)
    reasons = uow.cancellation_reasons.page(cancellation_type, page)
    return Page(count, page.number, page.limit, reasons)


def add_reason(
    cancellation_type: CancellationType, draft: ReasonDraft, actor: str, uow: ReasonWork
) -> CancellationReason:
    """Store a reason that shoppers can choose from now on.

    Raises InvalidInput for no text, for a text that is empty, longer than 200 characters or not
    printable, and for a position outside of 0 to 1,000,000.
    """
    _check(draft)
    if not draft.subjects:
        raise InvalidInput("Give a text in at least one language.", field="subject")
    reason = CancellationReason(
        cancellation_type=cancellation_type,
        translations=_translations(draft),
        extra_information_needed=bool(draft.extra_information_needed),
        order=draft.order or 0,
        created_date=uow.now,
        modified_date=uow.now,
    )
    uow.cancellation_reasons.add(reason)
    record_change(Subject.CANCELLATION_REASON, reason.uuid, (None, ACTIVE), actor, uow)
    uow.commit()
    return reason


def change_reason(pk: int, draft: ReasonDraft, actor: str, uow: ReasonWork) -> CancellationReason:
    """Change what shoppers read, or where it stands; return the reason that is valid now.

    Requests keep the reason that was given for them. So a new text, or another
    ``extra_information_needed``, makes a new reason and takes the old one out of the list; a new
    position alone changes the reason itself. Raises NotFound, Conflict for a reason that is not
    active or not the shop's to change, and InvalidInput as ``add_reason``.
    """
    _check(draft)
    reason = _found(pk, uow)
    if not reason.is_active:
        raise Conflict("Only an active reason can be changed.", code="reason_inactive")
    translations = {**reason.translations, **_translations(draft)}
    says_more = draft.extra_information_needed
    says_more = reason.extra_information_needed if says_more is None else says_more
    order = reason.order if draft.order is None else draft.order
    if (translations, says_more) == (reason.translations, reason.extra_information_needed):
        if order != reason.order:
            reason.order, reason.modified_date = order, uow.now
            state, note = (ACTIVE, ACTIVE), f"position {order}"
            record_change(Subject.CANCELLATION_REASON, reason.uuid, state, actor, uow, note)
            uow.commit()
        return reason
    _switch(reason, False, actor, uow)
    successor = ReasonDraft(
        subjects={language: told["subject"] for language, told in translations.items()},
        extra_information_needed=says_more,
        order=order,
    )
    return add_reason(reason.cancellation_type, successor, actor, uow)


def switch_reason(pk: int, is_active: bool, actor: str, uow: ReasonWork) -> CancellationReason:
    """Let shoppers choose a reason, or no longer; requests that gave it keep it.

    Raises NotFound, and Conflict for the reason of sellers' rejections.
    """
    reason = _found(pk, uow)
    if reason.is_active is not is_active:
        _switch(reason, is_active, actor, uow)
    uow.commit()
    return reason


def _switch(reason: CancellationReason, is_active: bool, actor: str, uow: ReasonWork) -> None:
    record_activity(Subject.CANCELLATION_REASON, reason, is_active, actor, uow)
    reason.modified_date = uow.now


def _found(pk: int, uow: ReasonWork) -> CancellationReason:
    require_storable_pk(pk)
    reason = uow.cancellation_reasons.lock(pk)
    if reason is None:
        raise NotFound
    if reason.uuid == _SELLER_REJECTION:
        raise Conflict("Waybill gives this reason itself.", code="reason_reserved")
    return reason


def _check(draft: ReasonDraft) -> None:
    for subject in draft.subjects.values():
        require_text("subject", subject, MAX_SUBJECT_LENGTH)
    if draft.order is not None and not 0 <= draft.order <= MAX_ORDER:
        raise InvalidInput(
            "Must be from 0 to %(limit)s.", field="order", params={"limit": MAX_ORDER}
        )


def _translations(draft: ReasonDraft) -> dict[str, dict[str, str]]:
    return {language: {"subject": text.strip()} for language, text in draft.subjects.items()}
