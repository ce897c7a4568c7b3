"""Paginated lists at a terminal."""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import click

from domain.shared.paging import DEFAULT_LIMIT, Page, PageRequest
from handlers.cli.tables import table


def page_options(command: Callable[..., None]) -> Callable[..., None]:
    """Pass the command a ``page``, from the options --page and --limit."""

    @click.option("--page", "number", type=click.IntRange(1), default=1, show_default=True)
    @click.option("--limit", type=click.IntRange(1, 100), default=DEFAULT_LIMIT, show_default=True)
    @wraps(command)
    def paged(*, number: int, limit: int, **options: Any) -> None:
        command(page=PageRequest(number, limit), **options)

    return paged


def format_page(titles: Sequence[str], rows: Iterable[Sequence[object]], page: Page[Any]) -> str:
    """The rows as a table, followed by the total and the number of pages."""
    pages = max(1, -(-page.count // page.limit))
    return f"{table(titles, rows)}\n\n{page.count} in all, page {page.number} of {pages}."
