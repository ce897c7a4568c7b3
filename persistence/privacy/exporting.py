"""Exporting all rows about a person, as they are stored."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.accounts.users import email_key
from persistence.accounts.one_time_tokens import one_time_tokens
from persistence.accounts.sessions import sessions
from persistence.accounts.users import users
from persistence.audit import audit_entries
from persistence.idempotency import idempotency_keys
from persistence.orders.addresses import addresses, locations
from persistence.orders.aggregate import ORDER
from persistence.orders.cancellations import (
    cancellation_reasons,
)
from persistence.orders.old_orders import OLD_ORDER
from persistence.orders.orders import orders
from persistence.orders.payments import banks, payment_options
from persistence.orders.products import products
from persistence.orders.sellers import sellers
from persistence.orders.shipping import shipping_companies
from persistence.outbox import outbox_events
from persistence.sql.aggregates import Parts
from persistence.sql.in_list import in_list
from persistence.sql.work import Work

# Secrets and technical values.
_LEFT_OUT = frozenset({"password_hash", "email_key", "id_hash", "content_hash", "version"})
# Referenced rows of others are exported as the value of one column.
_NAMES: Mapping[str, sa.Column[Any]] = {
    "product_pk": products.c.name,
    "seller_pk": sellers.c.name,
    "reason_pk": cancellation_reasons.c.translations,
    "payment_option_pk": payment_options.c.name,
    "bank_pk": banks.c.name,
    "shipping_company_pk": shipping_companies.c.label,
    **dict.fromkeys(("country_pk", "city_pk", "township_pk", "district_pk"), locations.c.name),
}


@dataclass(frozen=True, slots=True)
class _Part:
    """A table whose column ``owner`` references the rows that its rows are parts of."""

    table: sa.Table
    owner: str
    parts: tuple["_Part", ...] = ()


def _part(members: Parts, owner: str) -> _Part:
    """Return the table of parts, and those of all parts below."""
    below = tuple(_part(part_set, part_set.owner) for part_set in members.parts.values())
    return _Part(members.table, owner, below)


_USERS = _Part(
    users,
    "pk",
    (
        _Part(addresses, "user_pk"),
        _Part(sessions, "user_pk"),
        _Part(one_time_tokens, "user_pk"),
        _part(ORDER.root, "user_pk"),
        _part(OLD_ORDER.root, "user_pk"),
    ),
)


def export(work: Work, user_pks: Sequence[int], key: str) -> dict[str, Any]:
    """Return all that is stored about these users, whose e-mail key is ``key``."""
    reader = _RowReader(work)
    people = reader.rows(_USERS, user_pks)
    actors = [f"{kind}:{pk}" for kind in ("user", "guest") for pk in user_pks]
    return {
        "users": [row for rows in people.values() for row in rows],
        "outbox_events": list(reader.events(key)),
        "audit_entries": reader.audit(actors),
        "stored_answers": reader.answers(actors),
    }


class _RowReader:
    """Reads parts, and collects UUIDs and numbers for rows that reference them by these."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._uuids: list[Any] = []
        self._numbers: set[str] = set()

    def rows(self, part: _Part, owners: Collection[int]) -> dict[int, list[dict[str, Any]]]:
        """Return the rows of ``part`` with their own parts, by the pk of the owner."""
        table = part.table
        chosen = sa.select(table).where(in_list(table.c[part.owner], owners))
        mappings = self._work.execute(chosen.order_by(*table.primary_key)).mappings().all()
        self._uuids += [row["uuid"] for row in mappings if "uuid" in row]
        if table is orders:
            self._numbers |= {row["number"] for row in mappings}
        pks = [row["pk"] for row in mappings if "pk" in row]
        below = (
            {str(inner.table.name): self.rows(inner, pks) for inner in part.parts} if pks else {}
        )
        names = self._names(mappings)
        by_owner = defaultdict(list)
        for row in mappings:
            copy = {str(name): value for name, value in row.items() if name not in _LEFT_OUT}
            for column, named in names.items():
                copy[column.removesuffix("_pk")] = named.get(copy.pop(column))
            parts = {name: rows.get(row["pk"], []) for name, rows in below.items()}
            by_owner[row[part.owner]].append(copy | parts)
        return dict(by_owner)

    def _names(self, rows: Sequence[Mapping[Any, Any]]) -> dict[str, dict[int, Any]]:
        columns = [name for name in _NAMES if rows and name in rows[0]]
        return {name: self._named(_NAMES[name], {row[name] for row in rows}) for name in columns}

    def _named(self, column: sa.Column[Any], pks: Collection[int | None]) -> dict[int, Any]:
        table: Any = column.table
        named = [pk for pk in pks if pk is not None]
        query = sa.select(table.c.pk, column).where(in_list(table.c.pk, named))
        return dict(self._work.execute(query).all())

    def events(self, key: str) -> Iterable[dict[str, Any]]:
        """Yield the e-mails to the person or about the orders."""
        for row in self._work.execute(sa.select(outbox_events)).mappings():
            payload = row["payload"]
            is_own = email_key(payload.get("email") or "") == key
            if is_own or payload.get("order_number") in self._numbers:
                yield _plain(row)

    def audit(self, actors: Collection[str]) -> list[dict[str, Any]]:
        """Return the entries about exported rows, and those of the person's own actions."""
        columns = audit_entries.c
        about = sa.or_(in_list(columns.subject_uuid, self._uuids), in_list(columns.actor, actors))
        query = sa.select(audit_entries).where(about).order_by(columns.pk)
        return [_plain(row) for row in self._work.execute(query).mappings()]

    def answers(self, scopes: Collection[str]) -> list[dict[str, Any]]:
        """Return the responses that are stored for repeated requests."""
        columns = idempotency_keys.c
        query = sa.select(columns.created_date, columns.status, columns.body)
        query = query.where(in_list(columns.scope, scopes)).order_by(columns.created_date)
        return [
            {**_plain(row), "body": (row["body"] or b"").decode(errors="replace")}
            for row in self._work.execute(query).mappings()
        ]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row with plain strings as keys, since JSON encoders refuse SQLAlchemy's class."""
    return {str(name): value for name, value in row.items()}
