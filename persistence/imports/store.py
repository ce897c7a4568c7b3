"""Storing batches of imported orders, and the tables of their document hashes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
from persistence.engine.nodes import is_distributed
from persistence.imports.changes import ImportedChanges
from persistence.imports.lines import store_lines, store_old_lines
from persistence.imports.references import ImportedReferences
from persistence.imports.users import ImportedUsers
from persistence.orders.aggregate import ORDER
from persistence.orders.numbers import order_numbers
from persistence.orders.old_orders import old_order_items, old_orders
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.orders.seller_projection import rebuild_seller_orders
from persistence.sql.bulk import DoNothing, Overwrite, insert_rows
from persistence.sql.columns import OWNER, BigId, UtcDateTime, metadata, owner_column
from persistence.sql.in_list import in_list
from persistence.sql.keys import next_pks
from persistence.sql.version_numbers import NEW_VERSION, new_version, next_version
from persistence.sql.work import Work

Imported = TypeVar("Imported", ImportedOrder, ImportedOldOrder)
Results = dict[str, ImportResult | Rejected | None]


def _document_hashes(name: str, root: str, target: str, *others: sa.Column[Any]) -> sa.Table:
    """Return the table with the SHA-256 of the document of each imported row of ``target``.

    A document with the stored hash changes nothing. Rows that were not imported have no hash.
    """
    return sa.Table(
        name,
        metadata,
        sa.Column(
            root,
            BigId,
            sa.ForeignKey(f"{target}.pk", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        owner_column(),
        sa.Column("document_hash", sa.LargeBinary(32), nullable=False),
        *others,
    )


# The document's modified_date, if it has one. Documents with an earlier date are older.
_document_date = sa.Column("document_date", UtcDateTime)
order_imports = _document_hashes("order_imports", "order_pk", "orders", _document_date)
old_order_imports = _document_hashes("old_order_imports", "old_order_pk", "old_orders")


@dataclass(frozen=True, slots=True)
class _Kind:
    """The tables of one kind of order; lines and hashes reference it by the column ``owner``.

    ``is_old`` is its kind in ``order_numbers``. ``document_columns`` are the columns of ``hashes``
    that come from the document.
    """

    rows: sa.Table
    lines: sa.Table
    hashes: sa.Table
    owner: str
    is_old: bool
    document_columns: tuple[str, ...]


_ORDERS = _Kind(
    orders, order_items, order_imports, "order_pk", False, ("document_hash", "document_date")
)
_OLD_ORDERS = _Kind(
    old_orders, old_order_items, old_order_imports, "old_order_pk", True, ("document_hash",)
)


@dataclass(frozen=True, slots=True)
class _StoredOrder:
    """What is stored under a number: its user, its last document, and its line numbers."""

    pk: int
    user_pk: int
    document: Mapping[str, Any]
    lines: set[int]
    is_erased: bool


StoredByNumber = Mapping[str, _StoredOrder]


class SqlImports:
    """Implements ``domain.imports.documents.Imports``. The audit trail names ``actor``."""

    def __init__(self, work: Work, now: datetime, actor: str) -> None:
        self._work = work
        self._now = now
        self._actor = actor

    def store_orders(self, batch: Sequence[ImportedOrder]) -> list[ImportResult | Rejected]:
        users = ImportedUsers(self._work, [order.user for order in batch])
        existing, results = self._classify(_ORDERS, batch, users)
        stored = self._stored_orders(existing, results)
        accepted = _reconciled(batch, stored, results)
        with _contradictions_rejected():
            pks = self._write_orders(accepted, users, existing, stored)
        return self._record_stored(_ORDERS, accepted, users, existing, pks, results)

    def store_old_orders(self, batch: Sequence[ImportedOldOrder]) -> list[ImportResult | Rejected]:
        users = ImportedUsers(self._work, [old_order.user for old_order in batch])
        existing, results = self._classify(_OLD_ORDERS, batch, users)
        accepted = [old_order for old_order in batch if results[old_order.number] is None]
        with _contradictions_rejected():
            pks = self._write_old_orders(accepted, users, existing)
        return self._record_stored(_OLD_ORDERS, accepted, users, existing, pks, results)

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
        pks = self._store_rows(_ORDERS, rows, existing)
        store_lines(self._work, accepted, pks, references)
        changes = ImportedChanges(self._work, stored, references, self._now, self._actor)
        changes.apply(accepted, pks)
        rebuild_seller_orders(self._work, list(pks.values()))
        return pks

    def _write_old_orders(
        self, accepted: list[ImportedOldOrder], users: ImportedUsers, existing: StoredByNumber
    ) -> dict[str, int]:
        if not accepted:
            return {}
        users.store_missing([old_order.user for old_order in accepted], self._now)
        rows = [{**old_order.values, "user_pk": users.pk(old_order.user)} for old_order in accepted]
        pks = self._store_rows(_OLD_ORDERS, rows, existing)
        store_old_lines(self._work, accepted, pks, users)
        return pks

    def _classify(
        self, kind: _Kind, batch: Sequence[Imported], users: ImportedUsers
    ) -> tuple[dict[str, _StoredOrder], Results]:
        """Return what is stored under the numbers, and the results that need no writing.

        Orders that have to be changed are locked.
        """
        existing = self._existing(kind, [imported.number for imported in batch])
        results = {
            imported.number: _early_result(imported, existing.get(imported.number), users)
            for imported in batch
        }
        self._reject_archived(results)
        changing = [number for number in existing if results[number] is None]
        if changing:
            self._lock(kind, [existing[number].pk for number in changing])
            now_existing = self._existing(kind, changing)
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
        """Reject documents of orders that were archived here, whatever they say they are.

        Read after the orders: an order is in one table or in the other at any time.
        """
        archived = sa.select(old_orders.c.number).where(
            in_list(old_orders.c.number, list(results)), old_orders.c.archived_date.is_not(None)
        )
        for number in self._work.scalars(archived):
            results[number] = ArchivedHere()

    def _lock(self, kind: _Kind, pks: list[int]) -> None:
        """Lock orders and then lines, both by ascending pk, as every writer of orders does."""
        if is_distributed(self._work.connection):
            self._lock_on_nodes(kind, pks)
            return
        for column, owner in ((kind.rows.c.pk, kind.rows.c.pk), _line_keys(kind)):
            lock = sa.select(column).where(in_list(owner, pks)).order_by(column)
            self._work.execute(lock.with_for_update(key_share=True)).all()

    def _lock_on_nodes(self, kind: _Kind, pks: list[int]) -> None:
        """Lock one order after the other, since Citus locks rows of one node in a statement."""
        rows, lines = kind.rows.c, kind.lines.c
        found = sa.select(rows.pk, rows.user_pk).where(in_list(rows.pk, pks))
        for pk, user_pk in sorted(map(tuple, self._work.execute(found))):
            order = sa.select(rows.pk).where(rows.pk == pk, rows.user_pk == user_pk)
            own = sa.select(lines.pk).where(lines[kind.owner] == pk, lines.user_pk == user_pk)
            for lock in (order, own.order_by(lines.pk)):
                self._work.execute(lock.with_for_update(key_share=True)).all()

    def _existing(self, kind: _Kind, numbers: Sequence[str]) -> dict[str, _StoredOrder]:
        rows, columns = kind.rows, [kind.hashes.c[name] for name in kind.document_columns]
        found = sa.select(order_numbers.c.order_pk, order_numbers.c.user_pk).where(
            in_list(order_numbers.c.number, numbers), order_numbers.c.is_old.is_(kind.is_old)
        )
        keys = self._work.execute(found).all()
        if not keys:
            return {}
        same_order = sa.and_(
            kind.hashes.c[kind.owner] == rows.c.pk, kind.hashes.c.user_pk == rows.c.user_pk
        )
        selected = self._work.execute(
            sa.select(
                *(rows.c[name] for name in ("number", "pk", "user_pk", "erased_date")),
                *columns,
            )
            .outerjoin_from(rows, kind.hashes, same_order)
            .where(
                in_list(rows.c.pk, [pk for pk, _ in keys]),
                in_list(rows.c.user_pk, sorted({user_pk for _, user_pk in keys})),
            )
        )
        existing = {
            number: _StoredOrder(
                pk,
                user_pk,
                dict(zip(kind.document_columns, document, strict=True)),
                set(),
                erased_date is not None,
            )
            for number, pk, user_pk, erased_date, *document in selected
        }
        by_pk = {order.pk: order.lines for order in existing.values()}
        owner = kind.lines.c[kind.owner]
        lines = sa.select(owner, kind.lines.c.line).where(in_list(owner, by_pk))
        for pk, line in self._work.execute(lines) if existing else ():
            by_pk[pk].add(line)
        return existing

    def _stored_orders(self, existing: StoredByNumber, results: Results) -> dict[str, Order]:
        """Return the orders that have to be changed, by number, read-only."""
        pks = [order.pk for number, order in existing.items() if results[number] is None]
        return {order.number: order for order in self._work.read(ORDER, pks)}

    def _store_rows(
        self, kind: _Kind, rows: list[dict[str, Any]], existing: StoredByNumber
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

    def _insert(self, kind: _Kind, rows: list[dict[str, Any]]) -> dict[str, int]:
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
        """Overwrite rows that are locked. They never move to another user."""
        unchanged = {"uuid", "number", OWNER}
        changed: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0].keys() - unchanged}
        statement = sa.update(table).where(
            table.c.pk == sa.bindparam("row_pk"), table.c[OWNER] == sa.bindparam("row_user_pk")
        )
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
        kind: _Kind,
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
    kind: _Kind, imported: Imported, existing: _StoredOrder | None
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
    imported: ImportedOrder | ImportedOldOrder, existing: _StoredOrder | None, users: ImportedUsers
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


def _unchanged(
    imported: ImportedOrder | ImportedOldOrder, existing: _StoredOrder
) -> Outcome | None:
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


def _line_keys(kind: _Kind) -> tuple[sa.Column[Any], sa.Column[Any]]:
    return kind.lines.c.pk, kind.lines.c[kind.owner]


def _number(row: Mapping[str, Any]) -> str:
    number: str = row["number"]
    return number
