"""Lists in numbered pages."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.shared.errors import InvalidPage

Entry = TypeVar("Entry")

DEFAULT_LIMIT = 20


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page, from 1, of how many entries each."""

    number: int = 1
    limit: int = DEFAULT_LIMIT

    @property
    def offset(self) -> int:
        """How many entries come before the page."""
        return (self.number - 1) * self.limit

    def require_positive(self) -> None:
        """Raise InvalidPage for a number before the first: no database counts back from there."""
        if self.number < 1:
            raise InvalidPage

    def require_within(self, count: int) -> None:
        """Raise InvalidPage when a list of ``count`` entries has no such page.

        The first page of an empty list is there, and empty.
        """
        self.require_positive()
        if self.number > 1 and self.offset >= count:
            raise InvalidPage


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """One page of a list of ``count`` documents; each is one rendered JSON object."""

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
    """Some entries of a list that is walked through by cursor.

    ``next_cursor`` asks for those after them; None: these are the last.
    """

    entries: list[Entry]
    next_cursor: str | None
