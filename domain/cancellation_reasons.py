"""The reasons that shoppers may choose from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Protocol

from domain.cancellations import CancellationReason, CancellationType
from domain.paging import Page, PageRequest

if TYPE_CHECKING:
    from domain.unit_of_work import UnitOfWork


class CancellationReasons(Protocol):
    """The stored reasons."""

    def add(self, reason: CancellationReason) -> None:
        """Store ``reason`` and give it its ``pk``."""

    def by_pks(self, pks: Collection[int]) -> Mapping[int, CancellationReason]:
        """Return those of the reasons that are there, inactive ones too."""

    def count_active(self, cancellation_type: CancellationType | None) -> int:
        """Return how many active reasons there are, of one type or of both."""

    def active(
        self, cancellation_type: CancellationType | None, page: PageRequest
    ) -> list[CancellationReason]:
        """Return one page of the active reasons, by ``order``, ties by pk."""


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
