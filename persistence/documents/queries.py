"""The documents of the rows that a statement returns: the first, or a page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.shared.paging import DocumentPage, PageRequest
from persistence.documents.cache import Documents
from persistence.sql.columns import OWNER
from persistence.sql.compiled_query import CompiledQuery
from persistence.sql.statements import first, limit_offset
from persistence.sql.work import Work


@dataclass(frozen=True, slots=True)
class DocumentQueries:
    """The documents of a user's rows that a query returns, whose first columns are pk and version.

    The values of the query have the user (``OWNER``).
    """

    work: Work
    documents: Documents

    def first(self, query: CompiledQuery, language: str, **values: int) -> bytes | None:
        """Return the document of the first row, if there is one."""
        rows = query.rows(self.work, values)
        return first(self.documents.bodies(rows, language, values[OWNER]))

    def page(
        self,
        query: CompiledQuery,
        values: Mapping[str, Any],
        page: PageRequest,
        language: str,
        counted: Callable[[], CompiledQuery],
    ) -> DocumentPage:
        """Return one page; the last column of ``query`` is the number of all rows.

        ``counted`` counts them for an empty page: there are none, or none at this offset.
        """
        rows = query.rows(self.work, {**values, **limit_offset(page)})
        count: int = rows[0][-1] if rows else counted().scalar(self.work, values)
        documents = self.documents.bodies(rows, language, values[OWNER])
        return DocumentPage(count, page.number, page.limit, documents)
