"""Races between imports of an order's document and decisions about the same order."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import count
from typing import Any
from uuid import uuid4

from domain.imports.parts import Rejected
from domain.orders.order_items import OrderItem
from domain.shared.errors import Unavailable
from handlers.cli.import_batches import order_loader
from handlers.cli.ndjson import ParsedDocument
from persistence.database import Database
from tests.support.documents import line_document, order_document

_ACTOR = "import:faults"
_UNITS = 3
STORED, UNAVAILABLE, REJECTED = 200, 503, 422

Attempt = Callable[[], Awaitable[int]]


class Documents:
    """Documents of new orders of one shopper, imported repeatedly with other notes."""

    def __init__(self, database: Database, email: str) -> None:
        self._database = database
        self._email = email
        self._loader = order_loader(database, _ACTOR)
        self._notes = count()

    def place(self, seller: Mapping[str, str]) -> tuple[dict[str, Any], OrderItem]:
        """Import an order of one line; return its document and the line."""
        line = line_document(quantity=_UNITS, unit_price="10.00", seller=seller)
        document = order_document(
            number=f"race-{uuid4().hex}",
            user={"email": self._email, "user_type": "registered"},
            state="approved",
            items=[line],
        )
        response = self._store(document)
        if isinstance(response, Rejected):
            raise response
        with self._database.reading() as uow:
            order = uow.orders.get(response.pk)
        if order is None:
            raise LookupError(response.pk)
        return document, order.items[0]

    def again(self, document: Mapping[str, Any]) -> Attempt:
        """Import the document with another note, from a shop that does not know the decision."""

        def send() -> int:
            try:
                response = self._store(deepcopy(dict(document)) | {"notes": str(next(self._notes))})
            except Unavailable:
                return UNAVAILABLE
            return REJECTED if isinstance(response, Rejected) else STORED

        async def attempt() -> int:
            return await asyncio.to_thread(send)

        return attempt

    def _store(self, document: dict[str, Any]) -> Any:
        [response] = self._loader.store([self._loader.check(ParsedDocument.of(document))])
        return response


def all_stored(statuses: Sequence[int]) -> Iterator[str]:
    """Imports of a note are stored, whatever is decided at the same time."""
    if set(statuses) != {STORED}:
        yield f"imports {dict(Counter(statuses))}"
