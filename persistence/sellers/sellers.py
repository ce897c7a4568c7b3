"""The queries of sellers."""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from domain.sellers.sellers import Seller, SlugTaken
from domain.shared.paging import PageRequest
from persistence.orders.sellers import sellers
from persistence.orders.versions import raise_versions_of_sellers
from persistence.sql.aggregates import Aggregate
from persistence.sql.statements import first
from persistence.sql.work import Work

# The documents of orders show the sellers' names.
SELLER = Aggregate(entity=Seller, table=sellers, changed=raise_versions_of_sellers)


class SqlSellers:
    """Implements ``domain.sellers.sellers.Sellers``."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def by_slug(self, slug: str) -> Seller | None:
        return first(self._load(sa.select(sellers.c.pk).where(sellers.c.slug == slug)))

    def lock(self, slug: str) -> Seller | None:
        query = sa.select(sellers.c.pk).where(sellers.c.slug == slug)
        return first(self._load(query.with_for_update(key_share=True)))

    def add(self, seller: Seller) -> None:
        try:
            with self._work.savepoint():
                self._work.add(SELLER, seller)
        except IntegrityError as error:
            if self.by_slug(seller.slug) is None:
                raise
            raise SlugTaken(field="slug") from error

    def count(self) -> int:
        count: int = self._work.scalar(sa.select(sa.func.count()).select_from(sellers))
        return count

    def page(self, page: PageRequest) -> list[Seller]:
        query = sa.select(sellers.c.pk).order_by(sellers.c.slug, sellers.c.pk)
        return self._load(query.limit(page.limit).offset(page.offset))

    def _load(self, pks: sa.Select[int]) -> list[Seller]:
        return self._work.load(SELLER, self._work.scalars(pks).all())
