"""Table of sellers."""

import sqlalchemy as sa

from domain.sellers import Seller
from persistence.schema import mapper_registry, metadata, pk_column, uuid_column

sellers = sa.Table(
    "sellers",
    metadata,
    pk_column(),
    uuid_column(),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
)

mapper_registry.map_imperatively(Seller, sellers)
