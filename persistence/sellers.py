"""Table of sellers, and the questions asked of it."""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from domain.paging import PageRequest
from domain.sellers import Seller, SlugTaken
from persistence.schema import metadata, pk_column, uuid_column
from persistence.sql.work import Work

sellers = sa.Table(
    "sellers",
    metadata,
    pk_column(),
    uuid_column(),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
)



class SqlSellers:
    """The stored sellers, as ``domain.sellers.Sellers`` asks of them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def by_slug(self, slug: str) -> Seller | None:
        return self._work.scalars(sa.select(Seller).where(sellers.c.slug == slug)).one_or_none()

    def lock(self, slug: str) -> Seller | None:
        found = sa.select(Seller).where(sellers.c.slug == slug)
        return self._work.scalars(found.with_for_update(key_share=True)).one_or_none()

    def add(self, seller: Seller) -> None:
        try:
            with self._work.begin_nested():
                self._work.add(seller)
        except IntegrityError as error:
            if self.by_slug(seller.slug) is None:
                raise
            raise SlugTaken(field="slug") from error

    def count(self) -> int:
        return self._work.execute(sa.select(sa.func.count()).select_from(sellers)).scalar_one()

    def page(self, page: PageRequest) -> list[Seller]:
        found = sa.select(Seller).order_by(sellers.c.slug, sellers.c.pk)
        return list(self._work.scalars(found.limit(page.limit).offset(page.offset)))
