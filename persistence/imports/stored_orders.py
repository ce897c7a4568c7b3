"""Orders that are stored under the numbers of a batch of documents: looking up and locking."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from persistence.engine.nodes import is_distributed
from persistence.imports.kinds import Kind
from persistence.orders.numbers import order_numbers
from persistence.sql.in_list import in_list
from persistence.sql.work import Work


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """What is stored under a number: its user, its last document, and its line numbers."""

    pk: int
    user_pk: int
    document: Mapping[str, Any]
    lines: set[int]
    is_erased: bool


StoredByNumber = Mapping[str, StoredOrder]


def find_orders(work: Work, kind: Kind, numbers: Sequence[str]) -> dict[str, StoredOrder]:
    """Return the orders that are stored under these numbers."""
    found = sa.select(order_numbers.c.order_pk, order_numbers.c.user_pk).where(
        in_list(order_numbers.c.number, numbers), order_numbers.c.is_old.is_(kind.is_old)
    )
    users: dict[int, int] = dict(map(tuple, work.execute(found)))
    if not users:
        return {}
    lines = _line_numbers(work, kind, users)
    return {
        number: StoredOrder(
            pk,
            user_pk,
            dict(zip(kind.document_columns, document, strict=True)),
            lines[pk],
            erased_date is not None,
        )
        for number, pk, user_pk, erased_date, *document in work.execute(_orders_of(kind, users))
    }


def _orders_of(kind: Kind, users: Mapping[int, int]) -> sa.Select[Any]:
    """Select orders by their pks and those of their users, with the columns of their document."""
    rows, hashes = kind.rows.c, kind.hashes.c
    same_order = sa.and_(hashes[kind.owner] == rows.pk, hashes.user_pk == rows.user_pk)
    document = (hashes[name] for name in kind.document_columns)
    return (
        sa.select(rows.number, rows.pk, rows.user_pk, rows.erased_date, *document)
        .outerjoin_from(kind.rows, kind.hashes, same_order)
        .where(
            in_list(rows.pk, list(users)),
            in_list(rows.user_pk, sorted(set(users.values()))),
        )
    )


def _line_numbers(work: Work, kind: Kind, pks: Iterable[int]) -> dict[int, set[int]]:
    """Return the line numbers of each of these orders."""
    lines: dict[int, set[int]] = {pk: set() for pk in pks}
    owner = kind.lines.c[kind.owner]
    selected = sa.select(owner, kind.lines.c.line).where(in_list(owner, list(lines)))
    for pk, line in work.execute(selected):
        lines[pk].add(line)
    return lines


def lock_orders(work: Work, kind: Kind, pks: list[int]) -> None:
    """Lock orders and then lines, both by ascending pk, as every writer of orders does."""
    if is_distributed(work.connection):
        _lock_on_nodes(work, kind, pks)
        return
    for column, owner in ((kind.rows.c.pk, kind.rows.c.pk), _line_keys(kind)):
        lock = sa.select(column).where(in_list(owner, pks)).order_by(column)
        work.execute(lock.with_for_update(key_share=True)).all()


def _lock_on_nodes(work: Work, kind: Kind, pks: list[int]) -> None:
    """Lock one order after the other, since Citus locks rows of one node in a statement."""
    rows, lines = kind.rows.c, kind.lines.c
    found = sa.select(rows.pk, rows.user_pk).where(in_list(rows.pk, pks))
    for pk, user_pk in sorted(map(tuple, work.execute(found))):
        order = sa.select(rows.pk).where(rows.pk == pk, rows.user_pk == user_pk)
        own = sa.select(lines.pk).where(lines[kind.owner] == pk, lines.user_pk == user_pk)
        for lock in (order, own.order_by(lines.pk)):
            work.execute(lock.with_for_update(key_share=True)).all()


def _line_keys(kind: Kind) -> tuple[sa.Column[Any], sa.Column[Any]]:
    return kind.lines.c.pk, kind.lines.c[kind.owner]
