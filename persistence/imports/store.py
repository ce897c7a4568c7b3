"""Storing imported orders by the batch, and the tables that say what was imported."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError

from domain.imports.documents import ImportResult, Outcome
from domain.imports.orders import ImportedOldOrder, ImportedOrder
from domain.imports.parts import ErasedHere, Rejected
from domain.imports.reconciliation import reconcile, require_units_of_new
from domain.orders.orders import Order
from domain.shared.errors import Unavailable
from persistence.imports.changes import ImportedChanges
from persistence.imports.lines import keep_lines, keep_old_lines
from persistence.imports.references import ImportedReferences
from persistence.imports.users import ImportedUsers
from persistence.orders.aggregate import ORDER
from persistence.orders.old_orders import old_order_items, old_orders
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.orders.seller_projection import keep_seller_orders
from persistence.sql.bulk import DoNothing, Overwrite, insert_rows
from persistence.sql.columns import BigId, UtcDateTime, metadata
from persistence.sql.in_list import among
from persistence.sql.version_numbers import MOMENT, raised, this_moment
from persistence.sql.work import Work

Imported = TypeVar("Imported", ImportedOrder, ImportedOldOrder)
Answers = dict[str, ImportResult | Rejected | None]


def _document_hashes(name: str, owner: str, target: str, *others: sa.Column[Any]) -> sa.Table:
    """A table that has, for each imported row of ``target``, its document's SHA-256.

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
        *others,
    )


# document_date: the document's modified_date, if it had any. Documents of an earlier one are older.
_document_date = sa.Column("document_date", UtcDateTime)
order_imports = _document_hashes("order_imports", "order_pk", "orders", _document_date)
old_order_imports = _document_hashes("old_order_imports", "old_order_pk", "old_orders")


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where one kind of order is stored; ``owner`` is how lines and hashes name its row.

    ``facts`` are the columns of ``hashes`` that have something of the document.
    """

    rows: sa.Table
    lines: sa.Table
    hashes: sa.Table
    owner: str
    facts: tuple[str, ...]


_ORDERS = _Kind(orders, order_items, order_imports, "order_pk", ("document_hash", "document_date"))
_OLD_ORDERS = _Kind(
    old_orders, old_order_items, old_order_imports, "old_order_pk", ("document_hash",)
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored under a number: whose it is, its last document, and its line numbers."""

    pk: int
    user_pk: int
    document: Mapping[str, Any]
    lines: set[int]
    is_erased: bool


Known = Mapping[str, _Known]


class SqlImports:
    """Stores orders: ``domain.imports.documents.Imports``. The audit trail names ``actor``."""

    def __init__(self, work: Work, now: datetime, actor: str) -> None:
        self._work = work
        self._now = now
        self._actor = actor

    def store_orders(self, batch: Sequence[ImportedOrder]) -> list[ImportResult | Rejected]:
        users = ImportedUsers(self._work, [each.user for each in batch])
        known, answers = self._judge(_ORDERS, batch, users)
        stored = self._stored_orders(known, answers)
        accepted = _reconciled(batch, stored, answers)
        with _contradictions_rejected():
            pks = self._write_orders(accepted, users, known, stored)
        return self._answered(_ORDERS, accepted, known, pks, answers)

    def store_old_orders(self, batch: Sequence[ImportedOldOrder]) -> list[ImportResult | Rejected]:
        users = ImportedUsers(self._work, [each.user for each in batch])
        known, answers = self._judge(_OLD_ORDERS, batch, users)
        accepted = [each for each in batch if answers[each.number] is None]
        with _contradictions_rejected():
            pks = self._write_old_orders(accepted, users, known)
        return self._answered(_OLD_ORDERS, accepted, known, pks, answers)

    def commit(self) -> None:
        self._work.commit()

    def _write_orders(
        self,
        accepted: list[ImportedOrder],
        users: ImportedUsers,
        known: Known,
        stored: Mapping[str, Order],
    ) -> dict[str, int]:
        if not accepted:
            return {}
        users.keep_missing([each.user for each in accepted], self._now)
        references = ImportedReferences(self._work, accepted, users, self._now)
        rows = [references.order_row(order) for order in accepted]
        pks = self._keep_rows(_ORDERS, rows, known)
        keep_lines(self._work, accepted, pks, references)
        changes = ImportedChanges(self._work, stored, references, self._now, self._actor)
        changes.follow(accepted, pks)
        keep_seller_orders(self._work, list(pks.values()))
        return pks

    def _write_old_orders(
        self, accepted: list[ImportedOldOrder], users: ImportedUsers, known: Known
    ) -> dict[str, int]:
        if not accepted:
            return {}
        users.keep_missing([each.user for each in accepted], self._now)
        rows = [{**each.values, "user_pk": users.pk(each.user)} for each in accepted]
        pks = self._keep_rows(_OLD_ORDERS, rows, known)
        keep_old_lines(self._work, accepted, pks)
        return pks

    def _judge(
        self, kind: _Kind, batch: Sequence[Imported], users: ImportedUsers
    ) -> tuple[dict[str, _Known], Answers]:
        """Return what is stored under the numbers, and the answers that need no writing.

        What is to be changed is locked from then on.
        """
        known = self._known(kind, [each.number for each in batch])
        answers = {each.number: _judged(each, known.get(each.number), users) for each in batch}
        changing = [number for number in known if answers[number] is None]
        if changing:
            self._lock(kind, [known[number].pk for number in changing])
            known |= self._known(kind, changing)
            for each in batch:
                if answers[each.number] is None:
                    answers[each.number] = _judged(each, known.get(each.number), users)
        return known, answers

    def _lock(self, kind: _Kind, pks: list[int]) -> None:
        """Lock in the order of the pks, as every writer of orders does, and then the lines."""
        for column, owner in ((kind.rows.c.pk, kind.rows.c.pk), _line_keys(kind)):
            lock = sa.select(column).where(among(owner, pks)).order_by(column)
            self._work.execute(lock.with_for_update(key_share=True)).all()

    def _known(self, kind: _Kind, numbers: Sequence[str]) -> dict[str, _Known]:
        rows, facts = kind.rows, [kind.hashes.c[name] for name in kind.facts]
        found = self._work.execute(
            sa.select(
                *(rows.c[name] for name in ("number", "pk", "user_pk", "erased_date")), *facts
            )
            .outerjoin_from(rows, kind.hashes)
            .where(among(rows.c.number, numbers))
        )
        known = {
            number: _Known(
                pk,
                user_pk,
                dict(zip(kind.facts, document, strict=True)),
                set(),
                erased_date is not None,
            )
            for number, pk, user_pk, erased_date, *document in found
        }
        by_pk = {each.pk: each.lines for each in known.values()}
        owner = kind.lines.c[kind.owner]
        lines = sa.select(owner, kind.lines.c.line).where(among(owner, by_pk))
        for pk, line in self._work.execute(lines) if known else ():
            by_pk[pk].add(line)
        return known

    def _stored_orders(self, known: Known, answers: Answers) -> dict[str, Order]:
        """Return the orders that are to be changed, by number, to look at."""
        pks = [each.pk for number, each in known.items() if answers[number] is None]
        return {order.number: order for order in self._work.read(ORDER, pks)}

    def _keep_rows(self, kind: _Kind, rows: list[dict[str, Any]], known: Known) -> dict[str, int]:
        """Insert the rows of new numbers and update the others; return the pks by number."""
        new = sorted((row for row in rows if row["number"] not in known), key=_number)
        pks = {row["number"]: known[row["number"]].pk for row in rows if row["number"] in known}
        if pks:
            self._update(kind.rows, pks, [row for row in rows if row["number"] in known])
        if new:
            pks |= self._insert(kind.rows, [{**row, "version": this_moment()} for row in new])
        return pks

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> dict[str, int]:
        inserted = insert_rows(self._work, table, rows, DoNothing(("number",)))
        if inserted < len(rows):
            # Somebody else has just stored one of these numbers; the next try will know it.
            raise Unavailable
        numbers = [row["number"] for row in rows]
        stored = sa.select(table.c.number, table.c.pk).where(among(table.c.number, numbers))
        return dict(self._work.execute(stored).all())

    def _update(self, table: sa.Table, pks: Mapping[str, int], rows: list[dict[str, Any]]) -> None:
        """Replace the content of rows that are locked."""
        kept = {"uuid", "number"}
        changed: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0].keys() - kept}
        statement = sa.update(table).where(table.c.pk == sa.bindparam("row_pk"))
        statement = statement.values(**changed, version=raised(table.c.version))
        parameters = [
            {
                "row_pk": pks[row["number"]],
                MOMENT: this_moment(),
                **{name: row[name] for name in changed},
            }
            for row in rows
        ]
        self._work.execute(statement, parameters)

    def _answered(
        self,
        kind: _Kind,
        accepted: Sequence[Imported],
        known: Known,
        pks: Mapping[str, int],
        answers: Answers,
    ) -> list[ImportResult | Rejected]:
        """Note which documents were stored, and answer in the order of the batch."""
        rows = [
            {
                kind.owner: pks[each.number],
                **_facts(kind, each, known.get(each.number)),
            }
            for each in accepted
        ]
        insert_rows(self._work, kind.hashes, rows, Overwrite((kind.owner,)))
        for number, pk in pks.items():
            answers[number] = ImportResult(
                pk, Outcome.UPDATED if number in known else Outcome.CREATED
            )
        return [answer for answer in answers.values() if answer]


def _facts(kind: _Kind, each: Imported, known: _Known | None) -> dict[str, Any]:
    """Return what is stored of a document; one without a date leaves the date of the last."""
    facts = {name: getattr(each, name) for name in kind.facts}
    before = known.document if known else {}
    return {name: before.get(name) if fact is None else fact for name, fact in facts.items()}


@contextmanager
def _contradictions_rejected() -> Iterator[None]:
    try:
        yield
    except (IntegrityError, DataError) as error:
        raise Rejected("", "It contradicts what is stored.") from error


def _judged(
    each: ImportedOrder | ImportedOldOrder, known: _Known | None, users: ImportedUsers
) -> ImportResult | Rejected | None:
    """Return the answer for what need not or can not be stored, None for the rest."""
    if known is None:
        return None
    if known.is_erased:
        return ErasedHere()
    if users.find(each.user) != known.user_pk:
        return Rejected("/number", "Another user's order has this number.")
    if outcome := _unchanged(each, known):
        return ImportResult(known.pk, outcome)
    if known.lines - each.line_numbers:
        return Rejected("/items", "A line that is stored is missing.")
    return None


def _unchanged(each: ImportedOrder | ImportedOldOrder, known: _Known) -> Outcome | None:
    """Return why the document changes nothing, if it does not."""
    if each.document_hash == known.document["document_hash"]:
        return Outcome.UNCHANGED
    present: datetime | None = known.document.get("document_date")
    if isinstance(each, ImportedOrder) and present and each.document_date:
        return Outcome.OLDER if each.document_date < present else None
    return None


def _reconciled(
    batch: Sequence[ImportedOrder], stored: Mapping[str, Order], answers: Answers
) -> list[ImportedOrder]:
    """Return what can be stored of the batch, and answer for the rest."""
    accepted = []
    for each in batch:
        if answers[each.number] is not None:
            continue
        try:
            before = stored.get(each.number)
            accepted.append(reconcile(before, each) if before else require_units_of_new(each))
        except Rejected as rejected:
            answers[each.number] = rejected
    return accepted


def _line_keys(kind: _Kind) -> tuple[sa.Column[Any], sa.Column[Any]]:
    return kind.lines.c.pk, kind.lines.c[kind.owner]


def _number(row: Mapping[str, Any]) -> str:
    number: str = row["number"]
    return number
