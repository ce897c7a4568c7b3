"""Lists at a terminal, a page at a time."""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import click

from domain.shared.paging import DEFAULT_LIMIT, Page, PageRequest
from handlers.cli.tables import table


def page_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command a ``page`` from its options --page and --limit."""

    @click.option("--page", "number", type=click.IntRange(1), default=1, show_default=True)
    @click.option("--limit", type=click.IntRange(1, 100), default=DEFAULT_LIMIT, show_default=True)
    @wraps(command)
    def paged(*, number: int, limit: int, **options: Any) -> None:
        command(page=PageRequest(number, limit), **options)

    return paged


def format_page(titles: Sequence[str], rows: Iterable[Sequence[object]], page: Page[Any]) -> str:
    """The rows of the page as a table, and below it how much of the list that is."""
    pages = max(1, -(-page.count // page.limit))
    return f"{table(titles, rows)}\n\n{page.count} in all, page {page.number} of {pages}."
