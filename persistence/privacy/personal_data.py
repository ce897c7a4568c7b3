"""Locking, exporting and erasing all rows about a person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.orders.cancellations import CancellationStatus
from domain.orders.states import CLOSED, OrderState
from domain.privacy.personal_data import ErasureResult, Person, Unfinished
from persistence.accounts.emails import user_emails
from persistence.accounts.users import users
from persistence.orders.cancellations import SAME_LINE, cancellation_requests
from persistence.orders.locking import lock_orders
from persistence.orders.old_orders import old_orders
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.privacy.erasing import Erasure
from persistence.privacy.exporting import export
from persistence.sql.in_list import in_list
from persistence.sql.work import Work


class SqlPersonalData:
    """Implements ``domain.privacy.personal_data.PersonalData``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def lock(self, key: str) -> Person:
        # Orders before users, as other writers do: PostgreSQL locks the referenced user when an
        # order is changed twice in a transaction.
        before = self._order_pks(self._person(key))
        lock_orders(self._work, before)
        self._lock_old_orders(key)
        person = self._person(key, is_locked=True)
        # While the users are locked no row that references them is added; these came before.
        lock_orders(self._work, sorted(set(self._order_pks(person)) - set(before)))
        return person

    def _person(self, key: str, *, is_locked: bool = False) -> Person:
        query = sa.select(users.c.pk, users.c.uuid)
        # The address may have been erased before we got the lock.
        query = query.where(users.c.email_key == key)
        # One after the other, since Citus locks rows of one node in a statement.
        rows = [
            row
            for pk in self._pks(key)
            for row in self._work.execute(
                query.where(users.c.pk == pk).with_for_update()
                if is_locked
                else query.where(users.c.pk == pk)
            )
        ]
        return Person([row.pk for row in rows], [row.uuid for row in rows])

    def _pks(self, key: str) -> Sequence[int]:
        query = sa.select(user_emails.c.user_pk).where(user_emails.c.email_key == key)
        return self._work.scalars(query.order_by(user_emails.c.user_pk)).all()

    def _lock_old_orders(self, key: str) -> None:
        """Lock them by ascending pk, as imports do."""
        for user_pk in self._person(key).user_pks:
            own = sa.select(old_orders.c.pk).where(old_orders.c.user_pk == user_pk)
            own = own.order_by(old_orders.c.pk).with_for_update(key_share=True)
            self._work.execute(own).all()

    def export(self, key: str) -> Mapping[str, Any] | None:
        pks = self._pks(key)
        return export(self._work, pks, key) if pks else None

    def unfinished(self, person: Person) -> Unfinished:
        order_pks = self._order_pks(person)
        unsettled = sa.select(sa.func.count()).select_from(cancellation_requests)
        unsettled = unsettled.join(order_items, SAME_LINE).where(
            in_list(order_items.c.order_pk, order_pks),
            cancellation_requests.c.status.in_(
                (CancellationStatus.OPEN, CancellationStatus.APPROVED)
            ),
        )
        underway = sa.select(sa.func.count(order_items.c.order_pk.distinct())).where(
            in_list(order_items.c.order_pk, order_pks),
            order_items.c.state.not_in(CLOSED | {OrderState.DELIVERED}),
        )
        return Unfinished(self._work.scalar(unsettled) or 0, self._work.scalar(underway) or 0)

    def erase(self, person: Person, now: datetime) -> ErasureResult:
        return Erasure(self._work, person.user_pks, now).run()

    def _order_pks(self, person: Person) -> Sequence[int]:
        query = sa.select(orders.c.pk).where(in_list(orders.c.user_pk, person.user_pks))
        return self._work.scalars(query.order_by(orders.c.pk)).all()
