"""The codes of discounts."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("discount_items", sa.Column("code", sa.Text(), nullable=True))
