"""Finding, copying and erasing all rows about a person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.orders.cancellations import CancellationStatus
from domain.orders.states import CLOSED, OrderState
from domain.privacy.personal_data import ErasureResult, Person, Unfinished
from persistence.accounts.users import users
from persistence.orders.cancellations import cancellation_requests
from persistence.orders.locking import lock_orders
from persistence.orders.old_orders import old_orders
from persistence.orders.order_items import order_items
from persistence.orders.orders import orders
from persistence.privacy.erasing import Erasing
from persistence.privacy.exporting import export
from persistence.sql.in_list import among
from persistence.sql.work import Work


class SqlPersonalData:
    """The rows about a person, as ``domain.privacy.personal_data.PersonalData`` asks for them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def lock(self, key: str) -> Person:
        found = sa.select(users.c.pk, users.c.uuid).where(users.c.email_key == key)
        found = found.order_by(users.c.pk)
        # Orders before users, as other writers do: to change an order twice in a transaction
        # makes PostgreSQL lock the user that it names.
        before = self._order_pks(self._person(found))
        lock_orders(self._work, before)
        self._lock_old_orders(found)
        person = self._person(found.with_for_update())
        # With the users locked no row that names them is added; these came meanwhile.
        lock_orders(self._work, sorted(set(self._order_pks(person)) - set(before)))
        return person

    def _person(self, found: sa.Select[Any]) -> Person:
        rows = self._work.execute(found).all()
        return Person([row.pk for row in rows], [row.uuid for row in rows])

    def _lock_old_orders(self, found: sa.Select[Any]) -> None:
        """Lock them by ascending pk, as imports do."""
        own = sa.select(old_orders.c.pk).where(
            among(old_orders.c.user_pk, self._person(found).user_pks)
        )
        own = own.order_by(old_orders.c.pk).with_for_update(key_share=True)
        self._work.execute(own).all()

    def export(self, key: str) -> Mapping[str, Any] | None:
        pks = self._work.scalars(sa.select(users.c.pk).where(users.c.email_key == key)).all()
        return export(self._work, pks, key) if pks else None

    def unfinished(self, person: Person) -> Unfinished:
        order_pks = self._order_pks(person)
        unsettled = sa.select(sa.func.count()).select_from(cancellation_requests)
        unsettled = unsettled.join(
            order_items, order_items.c.pk == cancellation_requests.c.order_item_pk
        ).where(
            among(order_items.c.order_pk, order_pks),
            cancellation_requests.c.status.in_(
                (CancellationStatus.OPEN, CancellationStatus.APPROVED)
            ),
        )
        underway = sa.select(sa.func.count(order_items.c.order_pk.distinct())).where(
            among(order_items.c.order_pk, order_pks),
            order_items.c.state.not_in(CLOSED | {OrderState.DELIVERED}),
        )
        return Unfinished(self._work.scalar(unsettled) or 0, self._work.scalar(underway) or 0)

    def erase(self, person: Person, now: datetime, languages: Sequence[str]) -> ErasureResult:
        return Erasing(self._work, person.user_pks, now, languages).run()

    def _order_pks(self, person: Person) -> Sequence[int]:
        found = sa.select(orders.c.pk).where(among(orders.c.user_pk, person.user_pks))
        return self._work.scalars(found.order_by(orders.c.pk)).all()
