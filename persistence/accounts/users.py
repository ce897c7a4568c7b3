"""Table of users, and its queries."""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from domain.accounts.users import EmailTaken, PasswordOwner, User, UserType
from persistence.accounts.emails import email_row, user_emails
from persistence.sql.aggregates import Aggregate, Claim
from persistence.sql.columns import (
    UtcDateTime,
    enum_column,
    max_length,
    metadata,
    pk_column,
    uuid_column,
)
from persistence.sql.compiled_query import CompiledQuery, Row
from persistence.sql.statements import first
from persistence.sql.work import Work

users = sa.Table(
    "users",
    metadata,
    pk_column(),
    uuid_column(),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("email_key", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text),
    enum_column("user_type", UserType),
    sa.Column("first_name", sa.Text, nullable=False),
    sa.Column("last_name", sa.Text, nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("created_date", UtcDateTime, nullable=False),
    # A guest may use the address of a registered user without access to that account.
    sa.UniqueConstraint("email_key", "user_type"),
    # Case folding can make a key longer than the address: at most three characters from one.
    *max_length(254, "email"),
    *max_length(3 * 254, "email_key"),
)


_NO_USER_PK = 0
_PASSWORD_OWNER = CompiledQuery(
    sa.select(users.c.pk, users.c.is_active, users.c.password_hash).where(
        users.c.pk == sa.bindparam("pk")
    )
)
_USER = Aggregate(entity=User, table=users, claim=Claim(table=user_emails, row=email_row))
_LOCK = CompiledQuery(
    sa.select(users.c.pk).where(users.c.pk == sa.bindparam("pk")).with_for_update(key_share=True)
)
_BY_EMAIL = CompiledQuery(
    sa.select(user_emails.c.user_pk).where(
        user_emails.c.email_key == sa.bindparam("email_key"),
        user_emails.c.user_type == sa.bindparam("user_type"),
    )
)


class SqlUsers:
    """Implements ``domain.accounts.users.Users``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, user: User) -> None:
        try:
            with self._work.savepoint():
                self._work.add(_USER, user)
        except IntegrityError as error:
            if self.by_email_key(user.email_key, user.user_type) is None:
                raise
            raise EmailTaken(field="email") from error

    def get(self, pk: int) -> User | None:
        return first(self._work.load(_USER, [pk]))

    def lock(self, pk: int) -> User | None:
        # NO KEY UPDATE: rows that refer to the user, such as orders, can be added meanwhile.
        return first(self._load(_LOCK.rows(self._work, {"pk": pk})))

    def by_email_key(self, key: str, user_type: UserType) -> User | None:
        values = {"email_key": key, "user_type": user_type}
        return first(self._load(_BY_EMAIL.rows(self._work, values)))

    def password_owner(self, key: str) -> PasswordOwner | None:
        # Always two statements and no entity, so that timing does not reveal whether an address is
        # known.
        values = {"email_key": key, "user_type": UserType.REGISTERED}
        (pk,) = first(_BY_EMAIL.rows(self._work, values)) or (_NO_USER_PK,)
        row = first(_PASSWORD_OWNER.rows(self._work, {"pk": pk}))
        return None if row is None else PasswordOwner(*row)

    def is_empty(self) -> bool:
        return self._work.execute(sa.select(users.c.pk).limit(1)).first() is None

    def are_all_at(self, domain: str) -> bool:
        others = sa.select(users.c.pk).where(~users.c.email_key.endswith(f"@{domain}"))
        return self._work.execute(others.limit(1)).first() is None

    def _load(self, rows: list[Row]) -> list[User]:
        return self._work.load(_USER, [pk for (pk,) in rows])
