"""Numbered pages and cursor pages."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.shared.errors import InvalidPage

Entry = TypeVar("Entry")

DEFAULT_LIMIT = 20


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The number of a page, from 1, and the entries per page."""

    number: int = 1
    limit: int = DEFAULT_LIMIT

    @property
    def offset(self) -> int:
        """The number of entries before the page."""
        return (self.number - 1) * self.limit

    def require_positive(self) -> None:
        """Raise InvalidPage for a number below 1, before a database gets a negative offset."""
        if self.number < 1:
            raise InvalidPage

    def require_within(self, count: int) -> None:
        """Raise InvalidPage if a list of ``count`` entries has no such page.

        An empty list has an empty first page.
        """
        self.require_positive()
        if self.number > 1 and self.offset >= count:
            raise InvalidPage


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """One page of a list of ``count`` documents, which are rendered JSON objects."""

    count: int
    number: int
    limit: int
    documents: list[bytes]


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """One page of a list of ``count`` entries."""

    count: int
    number: int
    limit: int
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class CursorPage(Generic[Entry]):
    """One page of a list with cursor paging.

    ``next_cursor`` is that of the next page; None on the last page.
    """

    entries: list[Entry]
    next_cursor: str | None
