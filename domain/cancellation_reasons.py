"""The reasons that shoppers may choose from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from domain.cancellations import CancellationReason, CancellationType
from domain.paging import Page, PageRequest

if TYPE_CHECKING:
    from domain.unit_of_work import UnitOfWork

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
    cancellation_type: CancellationType | None, page: PageRequest, uow: UnitOfWork
) -> Page[CancellationReason]:
    """Return one page of the reasons that can be given, by their sort position.

    Raises InvalidPage.
    """
    count = uow.cancellation_reasons.count_active(cancellation_type)
    page.require_within(count)
    reasons = uow.cancellation_reasons.active(cancellation_type, page)
    return Page(count, page.number, page.limit, reasons)
