"""Cancellation reasons that shoppers choose from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.audit import ACTIVE, AuditWork, Subject, record_change, set_active
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
        """Return those of these reasons that are stored, including inactive ones."""

    def ensure(self, reason: CancellationReason) -> CancellationReason:
        """Return the stored reason with the UUID of ``reason``; store ``reason`` if it is new."""

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
    """New values of a reason; None keeps the present value, or means the default.

    ``subjects`` is the text that shoppers read, by language (``en-us``, ``tr-tr``).
    """

    subjects: Mapping[str, str]
    extra_information_needed: bool | None = None
    order: int | None = None


def seller_rejection(now: datetime) -> CancellationReason:
    """Return the reason of requests that a seller creates; shoppers can not choose it."""
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
    """Return one page of the active reasons, by their sort position.

    Raises InvalidPage.
    """
    count = uow.cancellation_reasons.count_active(cancellation_type)
    page.require_within(count)
    reasons = uow.cancellation_reasons.active(cancellation_type, page)
    return Page(count, page.number, page.limit, reasons)


def list_all_reasons(
    cancellation_type: CancellationType | None, page: PageRequest, uow: ReasonWork
) -> Page[CancellationReason]:
    """Return one page of all reasons, including inactive ones. Raises InvalidPage."""
    count = uow.cancellation_reasons.count(cancellation_type)
    page.require_within(count)
    reasons = uow.cancellation_reasons.page(cancellation_type, page)
    return Page(count, page.number, page.limit, reasons)


def add_reason(
    cancellation_type: CancellationType, draft: ReasonDraft, actor: str, uow: ReasonWork
) -> CancellationReason:
    """Store an active reason.

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
    """Change the text or the position of a reason; return the reason that is active now.

    Requests keep their reason. So a new text or ``extra_information_needed`` makes a new reason
    and deactivates the old one; a new position changes the reason itself. Raises NotFound,
    Conflict for an inactive or reserved reason, and InvalidInput as ``add_reason``.
    """
    _check(draft)
    reason = _lock(pk, uow)
    if not reason.is_active:
        raise Conflict("Only an active reason can be changed.", code="reason_inactive")
    translations = {**reason.translations, **_translations(draft)}
    is_needed = draft.extra_information_needed
    is_needed = reason.extra_information_needed if is_needed is None else is_needed
    order = reason.order if draft.order is None else draft.order
    if (translations, is_needed) == (reason.translations, reason.extra_information_needed):
        if order != reason.order:
            reason.order, reason.modified_date = order, uow.now
            state, note = (ACTIVE, ACTIVE), f"position {order}"
            record_change(Subject.CANCELLATION_REASON, reason.uuid, state, actor, uow, note)
            uow.commit()
        return reason
    _set_active(reason, False, actor, uow)
    successor = ReasonDraft(
        subjects={language: texts["subject"] for language, texts in translations.items()},
        extra_information_needed=is_needed,
        order=order,
    )
    return add_reason(reason.cancellation_type, successor, actor, uow)


def set_reason_active(pk: int, is_active: bool, actor: str, uow: ReasonWork) -> CancellationReason:
    """Activate or deactivate a reason; requests keep it.

    Raises NotFound, and Conflict for the reserved reason of sellers' rejections.
    """
    reason = _lock(pk, uow)
    if reason.is_active is not is_active:
        _set_active(reason, is_active, actor, uow)
    uow.commit()
    return reason


def _set_active(reason: CancellationReason, is_active: bool, actor: str, uow: ReasonWork) -> None:
    set_active(Subject.CANCELLATION_REASON, reason, is_active, actor, uow)
    reason.modified_date = uow.now


def _lock(pk: int, uow: ReasonWork) -> CancellationReason:
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
