"""The users of imported orders."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from domain.imports.orders import ImportedUser
from persistence.accounts.emails import user_emails
from persistence.accounts.users import users
from persistence.engine.nodes import is_distributed
from persistence.sql.bulk import DoNothing, insert_rows
from persistence.sql.in_list import in_list
from persistence.sql.keys import next_pks
from persistence.sql.work import Work


class ImportedUsers:
    """The stored users of a batch, by e-mail key and type.

    Only ``store_missing`` locks them: writers lock orders before users.
    """

    def __init__(self, work: Work, imported: Iterable[ImportedUser]) -> None:
        self._work = work
        self._pks: dict[tuple[str, str], int] = {}
        self._look_up({user.email_key for user in imported})

    def find(self, user: ImportedUser) -> int | None:
        """Return the user's pk, if the user is stored."""
        return self._pks.get((user.email_key, user.user_type))

    def pk(self, user: ImportedUser) -> int:
        """Return the pk of a user who is stored."""
        return self._pks[user.email_key, user.user_type]

    def store_missing(self, imported: Iterable[ImportedUser], now: datetime) -> None:
        """Store the users that are missing; stored ones stay as they are.

        All are locked against erasure until the transaction ends.
        """
        imported = list(imported)
        self._pks.clear()
        self._look_up({user.email_key for user in imported}, is_locked=True)
        missing = {
            (user.email_key, user.user_type): user for user in imported if self.find(user) is None
        }
        if not missing:
            return
        # Sorted, so that two writers can not deadlock.
        new = sorted(missing.items())
        pks = next_pks(self._work, [users] * len(new))
        emails = [
            {"email_key": key, "user_type": user_type, "user_pk": pk}
            for ((key, user_type), _), pk in zip(new, pks, strict=True)
        ]
        # Another writer may have stored some of them.
        insert_rows(self._work, user_emails, emails, DoNothing())
        stored = self._stored_pks({key for key, _ in missing})
        rows = [
            {
                "pk": pk,
                "uuid": uuid4(),
                "email": user.email,
                "email_key": user.email_key,
                "user_type": user.user_type,
                "first_name": user.first_name,
                "last_name": user.last_name,
                "is_active": True,
                "created_date": now,
            }
            for (_, user), pk in zip(new, pks, strict=True)
            if pk in stored
        ]
        insert_rows(self._work, users, rows)
        self._look_up({key for key, _ in missing}, is_locked=True)

    def _look_up(self, keys: set[str], *, is_locked: bool = False) -> None:
        query = sa.select(users.c.email_key, users.c.user_type, users.c.pk)
        for chosen in self._by_node(query, self._stored_pks(keys), is_locked=is_locked):
            for key, user_type, pk in self._work.execute(chosen):
                self._pks[key, user_type] = pk

    def _by_node(
        self, query: sa.Select[Any], pks: set[int], *, is_locked: bool
    ) -> list[sa.Select[Any]]:
        """Return the statements that select and lock these users by ascending pk.

        Citus locks rows of one node in a statement.
        """
        if not is_locked:
            return [query.where(in_list(users.c.pk, pks))]
        locking = query.order_by(users.c.pk).with_for_update(read=True, key_share=True)
        if is_distributed(self._work.connection):
            return [locking.where(users.c.pk == pk) for pk in sorted(pks)]
        return [locking.where(in_list(users.c.pk, pks))]

    def _stored_pks(self, keys: set[str]) -> set[int]:
        query = sa.select(user_emails.c.user_pk).where(in_list(user_emails.c.email_key, keys))
        return set(self._work.scalars(query))
