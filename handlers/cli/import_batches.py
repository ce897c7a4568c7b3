"""Imports documents: validates them, and stores them in batches with retries after conflicts."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Generic, Protocol, TypeVar

from jsonschema_rs import ValidationError

from domain.imports.documents import ImportResult, Imports, read_old_order, read_order
from domain.imports.orders import ImportedOldOrder, ImportedOrder
from domain.imports.parts import Rejected, SnapshotPool
from domain.shared.errors import Unavailable
from handlers.cli.import_numbers import integer_reader
from handlers.cli.ndjson import ParsedDocument
from handlers.contract.document.bundle import DIRECTORY
from handlers.contract.document.validators import SchemaValidators, pointer_to
from handlers.contract.document.yaml_files import read_file
from handlers.http.messages import refusal

BATCH_SIZE = 500
_TRIES = 5

Imported = TypeVar("Imported", bound=ImportedOrder | ImportedOldOrder)
Answer = ImportResult | Rejected


class ImportDatabase(Protocol):
    """The methods of the database that imports use."""

    def importing(self, actor: str) -> AbstractContextManager[Imports]:
        """Begin a transaction that stores imports; the audit trail names ``actor``."""


class Loader(Generic[Imported]):
    """Checks and stores the documents of one kind."""

    def __init__(
        self,
        component: str,
        read: Callable[[Any, bytes, SnapshotPool], Imported],
        store: Callable[[Imports, Sequence[Imported]], list[Answer]],
        database: ImportDatabase,
        actor: str,
    ) -> None:
        shapes = read_file(DIRECTORY / "imports" / "documents.yaml")
        self._validator = SchemaValidators(shapes).compile(f"/components/schemas/{component}")
        self._integers = integer_reader(shapes, component)
        self._read = read
        self._store = store
        self._database = database
        self._actor = actor
        self._pool = SnapshotPool()

    def check(self, parsed: ParsedDocument) -> Imported:
        """Return the parsed document. Raises Rejected, with a JSON pointer, if it is invalid."""
        if not self._validator.is_valid(parsed.document):
            raise _rejected(next(iter(self._validator.iter_errors(parsed.document))))
        document = self._integers(parsed.document)
        # Hash the document with its whole numbers as integers, however they were written.
        normalized = parsed if document is parsed.document else ParsedDocument.of(document)
        return self._read(normalized.document, normalized.document_hash, self._pool)

    def store(self, batch: Sequence[Imported]) -> list[Answer]:
        """Store and commit a batch; return the results in its order. Raises Unavailable.

        If one document makes the batch fail, its halves are stored separately, and so on until
        that document is alone.
        """
        try:
            return self._try_to_store(batch)
        except Rejected:
            if len(batch) == 1:
                return [self._store_alone(batch)]
        middle = len(batch) // 2
        return self.store(batch[:middle]) + self.store(batch[middle:])

    def _store_alone(self, batch: Sequence[Imported]) -> Answer:
        """Store a document again that was just rejected.

        Rows that another import inserts concurrently cause a conflict once. The second attempt
        finds and compares them.
        """
        try:
            [answer] = self._try_to_store(batch)
        except Rejected as rejected:
            return rejected
        return answer

    def _try_to_store(self, batch: Sequence[Imported]) -> list[Answer]:
        for _ in range(_TRIES - 1):
            try:
                return self._store_once(batch)
            except Unavailable:
                continue
        return self._store_once(batch)

    def _store_once(self, batch: Sequence[Imported]) -> list[Answer]:
        with self._database.importing(self._actor) as imports:
            answers = self._store(imports, batch)
            imports.commit()
        return answers


def order_loader(database: ImportDatabase, actor: str) -> Loader[ImportedOrder]:
    """Return the loader of OrderImport documents."""
    return Loader(
        "OrderImport",
        read_order,
        lambda imports, batch: imports.store_orders(batch),
        database,
        actor,
    )


def old_order_loader(database: ImportDatabase, actor: str) -> Loader[ImportedOldOrder]:
    """Return the loader of OldOrderImport documents."""
    return Loader(
        "OldOrderImport",
        lambda document, document_hash, _pool: read_old_order(document, document_hash),
        lambda imports, batch: imports.store_old_orders(batch),
        database,
        actor,
    )


def _rejected(error: ValidationError) -> Rejected:
    kind: Any = error.kind  # its attributes depend on the kind
    path = list(error.instance_path)
    if kind.name == "required":
        path.append(kind.property)
    if kind.name == "additionalProperties":
        path.append(kind.unexpected[0])
    reason = refusal(error, None)
    return Rejected(pointer_to(*path), reason.message % reason.params)
