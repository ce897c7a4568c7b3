"""The caches of rendered documents of one database, which share an amount of memory."""

from collections.abc import Mapping
from typing import Any

from domain.shared.documents import Renderer
from persistence.documents.cache import (
    DocumentCache,
    PersistentDocumentCache,
    RunLater,
)
from persistence.documents.tables import DocumentKind
from persistence.engine.engines import Engines
from persistence.orders.old_orders import OLD_ORDER_DOCUMENTS
from persistence.orders.queries import ORDER_DOCUMENTS
from persistence.seller_center.list_definitions import LIST_DEFINITIONS

_STORED_KINDS: Mapping[str, DocumentKind[Any]] = {
    "orders": ORDER_DOCUMENTS,
    "old_orders": OLD_ORDER_DOCUMENTS,
}
# The caches' shares of the memory, in sixteenths. Orders are read most, and are longest.
_SHARES = 16
_SHARE_OF = {"orders": 8, "old_orders": 4} | dict.fromkeys(LIST_DEFINITIONS, 1)


def document_caches(
    renderers: Mapping[str, Renderer[Any]], engines: Engines, memory_bytes: int, later: RunLater
) -> Mapping[str, DocumentCache[Any]]:
    """Return a cache for each renderer, by its name; together they take ``memory_bytes``."""
    return {
        name: _document_cache(name, renderer, engines, memory_bytes, later)
        for name, renderer in renderers.items()
    }


def _document_cache(
    name: str, renderer: Renderer[Any], engines: Engines, memory_bytes: int, later: RunLater
) -> DocumentCache[Any]:
    """Sellers' documents are short and cheap to render, so they are not stored."""
    share = memory_bytes // _SHARES * _SHARE_OF[name]
    if name in _STORED_KINDS:
        return PersistentDocumentCache(_STORED_KINDS[name], renderer, engines, share, later)
    return DocumentCache(LIST_DEFINITIONS[name].load, renderer, engines, share)
