"""The time at which each mail worker last reported."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0016"
branch_labels = None
depends_on = None
compatible_from = "0016"


def upgrade() -> None:
    op.create_table(
        "worker_heartbeats",
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("seen_date", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_worker_heartbeats")),
    )
