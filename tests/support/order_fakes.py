"""Orders and old orders without a database: fakes that record their queries."""

from datetime import datetime
from typing import Any

from domain.accounts.callers import Caller
from domain.shared.paging import DocumentPage, PageRequest
from tests.support.builders import NOW

SHOPPER = Caller(user_pk=1, is_guest=False)
GUEST = Caller(user_pk=1, is_guest=True)


class FakeOrders:
    """``total`` orders, with ``documents`` by user and pk, and under ``highest`` and ``latest``."""

    def __init__(self, total: int = 0, documents: dict[object, bytes] | None = None) -> None:
        self.total = total
        self.documents = documents or {}
        self.queries: list[Any] = []

    def add(self, _: Any) -> None:
        raise NotImplementedError

    def get(self, _: int) -> Any:
        raise NotImplementedError

    def lock_by_items(self, _: Any, caller: Any) -> Any:
        raise NotImplementedError

    def lock_by_request(self, _: int) -> Any:
        raise NotImplementedError

    def lock_by_seller(self, item_uuid: Any, seller_pk: int) -> Any:
        raise NotImplementedError

    def by_request(self, _: int) -> Any:
        raise NotImplementedError

    def by_item(self, item_pk: int, caller: Any) -> Any:
        raise NotImplementedError

    def owner(self, number: str) -> Any:
        raise NotImplementedError

    def address_pks(self, _: Any, caller: Any) -> Any:
        raise NotImplementedError

    def page(self, query: Any, page: PageRequest, language: str) -> DocumentPage:
        self.queries.append(query)
        documents = [f"{page.number} in {language}".encode()] if self.total else []
        return DocumentPage(self.total, page.number, page.limit, documents)

    def document(self, user_pk: int, pk: int, language: str) -> bytes | None:
        return self.documents.get((user_pk, pk))

    def newest_document(self, user_pk: int, language: str) -> bytes | None:
        return self.documents.get("highest")

    def latest_document(self, user_pk: int, language: str) -> bytes | None:
        return self.documents.get("latest")


class FakeUnitOfWork:
    """The same orders as `orders` and `old_orders`: a service uses one of them."""

    def __init__(self, orders: Any, now: datetime = NOW) -> None:
        self.now = now
        self.orders = orders
        self.old_orders = orders

    def commit(self) -> None:
        raise NotImplementedError
