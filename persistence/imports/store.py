"""Storing batches of imported orders."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError

from domain.imports.documents import ImportResult, Outcome
from domain.imports.orders import ImportedOldOrder, ImportedOrder
from domain.imports.parts import ArchivedHere, ErasedHere, Rejected
from domain.imports.reconciliation import reconcile, require_units_of_new
from domain.orders.orders import Order
from domain.shared.errors import Unavailable
from persistence.imports.changes import ImportedChanges
from persistence.imports.kinds import OLD_ORDERS, ORDERS, Kind
from persistence.imports.lines import store_lines, store_old_lines
from persistence.imports.references import ImportedReferences
from persistence.imports.stored_orders import StoredByNumber, StoredOrder, find_orders, lock_orders
from persistence.imports.users import ImportedUsers
from persistence.orders.aggregate import ORDER
from persistence.orders.numbers import order_numbers
from persistence.orders.old_orders import old_orders
from persistence.orders.seller_projection import rebuild_seller_orders
from persistence.sql.bulk import DoNothing, Overwrite, insert_rows
from persistence.sql.columns import OWNER
from persistence.sql.in_list import in_list
from persistence.sql.keys import next_pks
from persistence.sql.version_numbers import NEW_VERSION, new_version, next_version
from persistence.sql.work import Work

Imported = TypeVar("Imported", ImportedOrder, ImportedOldOrder)
Results = dict[str, ImportResult | Rejected | None]


class SqlImports:
    """Implements ``domain.imports.documents.Imports``. The audit trail names ``actor``."""

    def __init__(self, work: Work, now: datetime, actor: str) -> None:
        self._work = work
        self._now = now
        self._actor = actor

    def store_orders(self, batch: Sequence[ImportedOrder]) -> list[ImportResult | Rejected]:
        users = ImportedUsers(self._work, [order.user for order in batch])
        existing, results = self._classify(ORDERS, batch, users)
        stored = self._stored_orders(existing, results)
        accepted = _reconciled(batch, stored, results)
        with _contradictions_rejected():
            pks = self._write_orders(accepted, users, existing, stored)
        return self._record_stored(ORDERS, accepted, users, existing, pks, results)

    def store_old_orders(self, batch: Sequence[ImportedOldOrder]) -> list[ImportResult | Rejected]:
        users = ImportedUsers(self._work, [old_order.user for old_order in batch])
        existing, results = self._classify(OLD_ORDERS, batch, users)
        accepted = [old_order for old_order in batch if results[old_order.number] is None]
        with _contradictions_rejected():
            pks = self._write_old_orders(accepted, users, existing)
        return self._record_stored(OLD_ORDERS, accepted, users, existing, pks, results)

    def commit(self) -> None:
        self._work.commit()

    def _write_orders(
        self,
        accepted: list[ImportedOrder],
        users: ImportedUsers,
        existing: StoredByNumber,
        stored: Mapping[str, Order],
    ) -> dict[str, int]:
        if not accepted:
            return {}
        users.store_missing([order.user for order in accepted], self._now)
        references = ImportedReferences(self._work, accepted, users, self._now)
        rows = [references.order_row(order) for order in accepted]
        pks = self._store_rows(ORDERS, rows, existing)
        store_lines(self._work, accepted, pks, references)
        # First, so that saving plans rewrites no seller's row that stays equal.
        rebuild_seller_orders(self._work, list(pks.values()))
        changes = ImportedChanges(self._work, stored, references, self._now, self._actor)
        changes.apply(accepted, pks)
        return pks

    def _write_old_orders(
        self, accepted: list[ImportedOldOrder], users: ImportedUsers, existing: StoredByNumber
    ) -> dict[str, int]:
        if not accepted:
            return {}
        users.store_missing([old_order.user for old_order in accepted], self._now)
        rows = [{**old_order.values, "user_pk": users.pk(old_order.user)} for old_order in accepted]
        pks = self._store_rows(OLD_ORDERS, rows, existing)
        store_old_lines(self._work, accepted, pks, users)
        return pks

    def _classify(
        self, kind: Kind, batch: Sequence[Imported], users: ImportedUsers
    ) -> tuple[dict[str, StoredOrder], Results]:
        """Return what is stored under the numbers, and the results that need no writing.

        Orders that have to be changed are locked.
        """
        existing = find_orders(self._work, kind, [imported.number for imported in batch])
        results = {
            imported.number: _early_result(imported, existing.get(imported.number), users)
            for imported in batch
        }
        self._reject_archived(results)
        changing = [number for number in existing if results[number] is None]
        if changing:
            lock_orders(self._work, kind, [existing[number].pk for number in changing])
            now_existing = find_orders(self._work, kind, changing)
            if len(now_existing) < len(changing):
                # One was archived meanwhile; the next attempt sees it.
                raise Unavailable
            existing |= now_existing
            for imported in batch:
                if results[imported.number] is None:
                    results[imported.number] = _early_result(
                        imported, existing.get(imported.number), users
                    )
        return existing, results

    def _reject_archived(self, results: Results) -> None:
        """Reject documents of orders that were archived here, be they of orders or of old orders.

        Read after the orders: an order is in one table or in the other at any time.
        """
        archived = sa.select(old_orders.c.number).where(
            in_list(old_orders.c.number, list(results)), old_orders.c.archived_date.is_not(None)
        )
        for number in self._work.scalars(archived):
            results[number] = ArchivedHere()

    def _stored_orders(self, existing: StoredByNumber, results: Results) -> dict[str, Order]:
        """Return the orders that have to be changed, by number, read-only."""
        pks = [order.pk for number, order in existing.items() if results[number] is None]
        return {order.number: order for order in self._work.read(ORDER, pks)}

    def _store_rows(
        self, kind: Kind, rows: list[dict[str, Any]], existing: StoredByNumber
    ) -> dict[str, int]:
        """Insert the rows of new numbers and update the others; return the pks by number."""
        new = sorted((row for row in rows if row["number"] not in existing), key=_number)
        pks = {
            row["number"]: existing[row["number"]].pk for row in rows if row["number"] in existing
        }
        if pks:
            self._update(kind.rows, pks, [row for row in rows if row["number"] in existing])
        if new:
            pks |= self._insert(kind, [{**row, "version": new_version()} for row in new])
        return pks

    def _insert(self, kind: Kind, rows: list[dict[str, Any]]) -> dict[str, int]:
        pks = next_pks(self._work, [kind.rows] * len(rows))
        numbers = [
            {
                "number": row["number"],
                "is_old": kind.is_old,
                "user_pk": row["user_pk"],
                "order_pk": pk,
            }
            for row, pk in zip(rows, pks, strict=True)
        ]
        if insert_rows(self._work, order_numbers, numbers, DoNothing()) < len(rows):
            # Another transaction has just stored one of these numbers; the next attempt sees it.
            raise Unavailable
        insert_rows(
            self._work, kind.rows, [{"pk": pk, **row} for row, pk in zip(rows, pks, strict=True)]
        )
        return {row["number"]: pk for row, pk in zip(rows, pks, strict=True)}

    def _update(self, table: sa.Table, pks: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
        """Overwrite rows that are locked."""
        # A row never moves to another user.
        unchanged = {"uuid", "number", OWNER}
        changed: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0].keys() - unchanged}
        own = table.c[OWNER] == sa.bindparam("row_user_pk")
        statement = sa.update(table).where(table.c.pk == sa.bindparam("row_pk"), own)
        statement = statement.values(**changed, version=next_version(table.c.version))
        parameters = [
            {
                "row_pk": pks[row["number"]],
                "row_user_pk": row[OWNER],
                NEW_VERSION: new_version(),
                **{name: row[name] for name in changed},
            }
            for row in rows
        ]
        self._work.execute(statement, parameters)

    def _record_stored(
        self,
        kind: Kind,
        accepted: Sequence[Imported],
        users: ImportedUsers,
        existing: StoredByNumber,
        pks: Mapping[str, int],
        results: Results,
    ) -> list[ImportResult | Rejected]:
        """Store the documents' hashes; return the results in the order of the batch."""
        rows = [
            {
                kind.owner: pks[imported.number],
                OWNER: users.pk(imported.user),
                **_document_columns(kind, imported, existing.get(imported.number)),
            }
            for imported in accepted
        ]
        insert_rows(self._work, kind.hashes, rows, Overwrite((kind.owner,)))
        for number, pk in pks.items():
            results[number] = ImportResult(
                pk, Outcome.UPDATED if number in existing else Outcome.CREATED
            )
        return [result for result in results.values() if result]


def _document_columns(
    kind: Kind, imported: Imported, existing: StoredOrder | None
) -> dict[str, Any]:
    """Return the values of ``document_columns``; without a date the stored one stays."""
    values = {name: getattr(imported, name) for name in kind.document_columns}
    before = existing.document if existing else {}
    return {name: before.get(name) if value is None else value for name, value in values.items()}


@contextmanager
def _contradictions_rejected() -> Iterator[None]:
    try:
        yield
    except (IntegrityError, DataError) as error:
        raise Rejected("", "It contradicts what is stored.") from error


def _early_result(
    imported: ImportedOrder | ImportedOldOrder, existing: StoredOrder | None, users: ImportedUsers
) -> ImportResult | Rejected | None:
    """Return the result if the order need not or can not be stored, else None."""
    if existing is None:
        return None
    if existing.is_erased:
        return ErasedHere()
    if users.find(imported.user) != existing.user_pk:
        return Rejected("/number", "Another user's order has this number.")
    if outcome := _unchanged(imported, existing):
        return ImportResult(existing.pk, outcome)
    if existing.lines - imported.line_numbers:
        return Rejected("/items", "A line that is stored is missing.")
    return None


def _unchanged(imported: ImportedOrder | ImportedOldOrder, existing: StoredOrder) -> Outcome | None:
    """Return why the document changes nothing; None if it may."""
    if imported.document_hash == existing.document["document_hash"]:
        return Outcome.UNCHANGED
    last_date: datetime | None = existing.document.get("document_date")
    if isinstance(imported, ImportedOrder) and last_date and imported.document_date:
        return Outcome.OLDER if imported.document_date < last_date else None
    return None


def _reconciled(
    batch: Sequence[ImportedOrder], stored: Mapping[str, Order], results: Results
) -> list[ImportedOrder]:
    """Return the orders of the batch that can be stored; reject the others in ``results``."""
    accepted = []
    for order in batch:
        if results[order.number] is not None:
            continue
        try:
            before = stored.get(order.number)
            accepted.append(reconcile(before, order) if before else require_units_of_new(order))
        except Rejected as rejected:
            results[order.number] = rejected
    return accepted


def _number(row: Mapping[str, Any]) -> str:
    number: str = row["number"]
    return number
