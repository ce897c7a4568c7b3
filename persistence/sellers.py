"""Table of sellers, and the question asked of it."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

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


class SqlSellers:
    """The stored sellers, as ``domain.sellers.Sellers`` asks of them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_slug(self, slug: str) -> Seller | None:
        return self._session.scalars(sa.select(Seller).where(sellers.c.slug == slug)).one_or_none()
