"""Documents that a statement finds: one of them, or a page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.shared.paging import DocumentPage, PageRequest
from persistence.documents.cache import Documents
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.statements import first, page_of
from persistence.sql.work import Work


@dataclass(frozen=True, slots=True)
class DocumentQueries:
    """What is shown of the rows that a statement finds; pk and version are their first columns."""

    work: Work
    documents: Documents

    def first(self, query: CompiledQuery, language: str, **values: int) -> bytes | None:
        """Return the document of the first row, if there is one."""
        return first(self.documents.bodies(query.rows(self.work, values), language))

    def page(
        self,
        query: CompiledQuery,
        values: Mapping[str, Any],
        page: PageRequest,
        language: str,
        counted: Callable[[], CompiledQuery],
    ) -> DocumentPage:
        """Return one page; each row of ``query`` ends with the number of all of them.

        ``counted`` is for a page without rows: there are none, or none so far down.
        """
        found = query.rows(self.work, {**values, **page_of(page)})
        count: int = found[0][-1] if found else counted().scalar(self.work, values)
        documents = self.documents.bodies(found, language)
        return DocumentPage(count, page.number, page.limit, documents)
