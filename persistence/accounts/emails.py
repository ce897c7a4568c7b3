"""Table of e-mail addresses, which is unique and has the user of each.

Rows of users are distributed by user, and can not be unique by e-mail on all nodes.
"""

from typing import Any

import sqlalchemy as sa

from domain.accounts.users import UserType
from persistence.sql.bulk import Row
from persistence.sql.columns import BigId, enum_column, max_length, metadata

user_emails = sa.Table(
    "user_emails",
    metadata,
    sa.Column("email_key", sa.Text, nullable=False),
    enum_column("user_type", UserType),
    # No foreign key: the user is on another node.
    sa.Column("user_pk", BigId, nullable=False, index=True),
    sa.PrimaryKeyConstraint("email_key", "user_type"),
    *max_length(3 * 254, "email_key"),
)


def email_row(user: Any) -> Row:
    """Return the row of a user with a pk."""
    return {"email_key": user.email_key, "user_type": user.user_type, "user_pk": user.pk}
