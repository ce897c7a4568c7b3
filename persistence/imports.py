"""Storing imported orders by the batch, and the tables that say what was imported."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from domain.errors import Unavailable
from domain.import_parts import ErasedHere, Rejected
from domain.imports import ImportedOldOrder, ImportedOrder, Outcome, Stored
from persistence.among import among
from persistence.bulk import Replace, Skip, insert_rows
from persistence.imported_lines import keep_lines, keep_old_lines
from persistence.imported_references import ImportedReferences
from persistence.imported_users import ImportedUsers
from persistence.old_orders import old_order_items, old_orders
from persistence.order_items import order_items
from persistence.orders import orders
from persistence.schema import BigId, metadata
from persistence.seller_orders import keep_seller_orders

Imported = TypeVar("Imported", ImportedOrder, ImportedOldOrder)


def _document_hashes(name: str, owner: str, target: str) -> sa.Table:
    """A table that keeps, for each imported row of ``target``, its document's SHA-256.

    A document with the hash on file has nothing to change; a row that did not come by import has
    no hash.
    """
    return sa.Table(
        name,
        metadata,
        sa.Column(
            owner,
            BigId,
            sa.ForeignKey(f"{target}.pk", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("document_hash", sa.LargeBinary(32), nullable=False),
    )


order_imports = _document_hashes("order_imports", "order_pk", "orders")
old_order_imports = _document_hashes("old_order_imports", "old_order_pk", "old_orders")


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where one kind of order is stored; ``owner`` is how lines and hashes name its row."""

    rows: sa.Table
    lines: sa.Table
    hashes: sa.Table
    owner: str


_ORDERS = _Kind(orders, order_items, order_imports, "order_pk")
_OLD_ORDERS = _Kind(old_orders, old_order_items, old_order_imports, "old_order_pk")


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored under a number: whose it is, its document's hash and its line numbers."""

    pk: int
    user_pk: int
    document_hash: bytes | None
    lines: set[int]
    is_erased: bool


Write = Callable[[list[Imported], ImportedUsers, Mapping[str, _Known]], dict[str, int]]


class SqlImports:
    """The storing, as ``domain.imports.Imports`` asks for it."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._now = now

    def store_orders(self, batch: Sequence[ImportedOrder]) -> list[Stored | Rejected]:
        return self._store(_ORDERS, batch, self._write_orders)

    def store_old_orders(self, batch: Sequence[ImportedOldOrder]) -> list[Stored | Rejected]:
        return self._store(_OLD_ORDERS, batch, self._write_old_orders)

    def commit(self) -> None:
        self._session.commit()

    def _write_orders(
        self, accepted: list[ImportedOrder], users: ImportedUsers, known: Mapping[str, _Known]
    ) -> dict[str, int]:
        references = ImportedReferences(self._session, accepted, users, self._now)
        rows = [references.order_row(order) for order in accepted]
        pks = self._keep_rows(_ORDERS, rows, known)
        keep_lines(self._session, accepted, pks, references)
        keep_seller_orders(self._session, list(pks.values()))
        return pks

    def _write_old_orders(
        self, accepted: list[ImportedOldOrder], users: ImportedUsers, known: Mapping[str, _Known]
    ) -> dict[str, int]:
        rows = [{**each.values, "user_pk": users.pk(each.user)} for each in accepted]
        pks = self._keep_rows(_OLD_ORDERS, rows, known)
        keep_old_lines(self._session, accepted, pks)
        return pks

    def _store(
        self, kind: _Kind, batch: Sequence[Imported], write: Write[Imported]
    ) -> list[Stored | Rejected]:
        users = ImportedUsers(self._session, [each.user for each in batch])
        known = self._known(kind, batch)
        answers = {each.number: _judge(each, known.get(each.number), users) for each in batch}
        accepted = [each for each in batch if answers[each.number] is None]
        if accepted:
            users.keep_missing([each.user for each in accepted], self._now)
            try:
                pks = write(accepted, users, known)
            except (IntegrityError, DataError) as error:
                raise Rejected("", "It contradicts what is stored.") from error
            self._keep_hashes(kind, accepted, pks)
            for number, pk in pks.items():
                outcome = Outcome.UPDATED if number in known else Outcome.CREATED
                answers[number] = Stored(pk, outcome)
        return [answer for answer in answers.values() if answer]

    def _known(self, kind: _Kind, batch: Sequence[Imported]) -> dict[str, _Known]:
        rows, hashes = kind.rows, kind.hashes
        found = self._session.execute(
            sa.select(
                *(rows.c[name] for name in ("number", "pk", "user_pk", "erased_date")),
                hashes.c.document_hash,
            )
            .outerjoin_from(rows, hashes)
            .where(among(rows.c.number, (each.number for each in batch)))
        )
        known = {
            row.number: _Known(
                row.pk, row.user_pk, row.document_hash, set(), row.erased_date is not None
            )
            for row in found
        }
        by_pk = {each.pk: each.lines for each in known.values()}
        owner = kind.lines.c[kind.owner]
        lines = sa.select(owner, kind.lines.c.line).where(among(owner, by_pk))
        for pk, line in self._session.execute(lines) if known else ():
            by_pk[pk].add(line)
        return known

    def _keep_rows(
        self, kind: _Kind, rows: list[dict[str, Any]], known: Mapping[str, _Known]
    ) -> dict[str, int]:
        """Insert the rows of new numbers and update the others; return the pks by number."""
        new = sorted((row for row in rows if row["number"] not in known), key=_number)
        pks = {row["number"]: known[row["number"]].pk for row in rows if row["number"] in known}
        if pks:
            self._update(kind.rows, pks, [row for row in rows if row["number"] in known])
        if new:
            pks |= self._insert(kind.rows, [{**row, "version": 1} for row in new])
        return pks

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> dict[str, int]:
        inserted = insert_rows(self._session, table, rows, Skip(("number",)))
        if inserted < len(rows):
            # Somebody else has just stored one of these numbers; the next try will know it.
            raise Unavailable
        numbers = [row["number"] for row in rows]
        stored = sa.select(table.c.number, table.c.pk).where(among(table.c.number, numbers))
        return dict(self._session.execute(stored).all())

    def _update(self, table: sa.Table, pks: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
        """Lock in the order of the pks, as every writer of orders does, and replace the content."""
        lock = sa.select(table.c.pk).where(among(table.c.pk, pks.values()))
        self._session.execute(lock.order_by(table.c.pk).with_for_update()).all()
        kept = {"uuid", "number"}
        changed: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0].keys() - kept}
        statement = sa.update(table).where(table.c.pk == sa.bindparam("row_pk"))
        statement = statement.values(**changed, version=table.c.version + 1)
        parameters = [
            {"row_pk": pks[row["number"]], **{name: row[name] for name in changed}} for row in rows
        ]
        self._session.connection().execute(statement, parameters)

    def _keep_hashes(
        self, kind: _Kind, accepted: Sequence[Imported], pks: Mapping[str, int]
    ) -> None:
        rows = [
            {kind.owner: pks[each.number], "document_hash": each.document_hash} for each in accepted
        ]
        insert_rows(self._session, kind.hashes, rows, Replace((kind.owner,)))


def _judge(
    each: ImportedOrder | ImportedOldOrder, known: _Known | None, users: ImportedUsers
) -> Stored | Rejected | None:
    """Return the answer for what need not or can not be stored, None for the rest."""
    if known is None:
        return None
    if known.is_erased:
        return ErasedHere()
    if users.find(each.user) != known.user_pk:
        return Rejected("/number", "Another user's order has this number.")
    if each.document_hash == known.document_hash:
        return Stored(known.pk, Outcome.UNCHANGED)
    if known.lines - each.line_numbers:
        return Rejected("/items", "A line that is stored is missing.")
    return None


def _number(row: Mapping[str, Any]) -> str:
    number: str = row["number"]
    return number
