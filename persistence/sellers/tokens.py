"""Table of the tokens of sellers and of the shop, and the questions asked of it."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from domain.sellers.callers import AnyScope, Scope, ShopScope
from domain.sellers.sellers import Seller
from domain.sellers.tokens import SellerToken, TokenHolder
from domain.shared.paging import PageRequest
from persistence.orders.sellers import sellers
from persistence.sql.aggregates import Aggregate, Reference
from persistence.sql.columns import (
    UtcDateTime,
    metadata,
    pk_column,
    reference,
    uuid_column,
)
from persistence.sql.prefetch import OwnerQuery
from persistence.sql.statements import first
from persistence.sql.work import Work


class Scopes(sa.types.TypeDecorator[frozenset[AnyScope]]):
    """Scopes as one text, with spaces between them (as OAuth writes them, RFC 6749, 3.3)."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: frozenset[AnyScope] | None, dialect: Dialect) -> str | None:
        return None if value is None else " ".join(sorted(value))

    def process_result_value(
        self, value: str | None, dialect: Dialect
    ) -> frozenset[AnyScope] | None:
        return None if value is None else frozenset(_SCOPES[name] for name in value.split())


_SCOPES: dict[str, AnyScope] = {scope.value: scope for scope in (*Scope, *ShopScope)}


seller_tokens = sa.Table(
    "seller_tokens",
    metadata,
    pk_column(),
    uuid_column(),
    # Of the shop where there is none.
    reference("seller_pk", sellers, nullable=True, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("scopes", Scopes, nullable=False),
    sa.Column("created_date", UtcDateTime, nullable=False),
    sa.Column("expires_date", UtcDateTime, nullable=False),
    sa.Column("revoked_date", UtcDateTime),
    sa.Column("last_used_day", sa.Date),
    sa.CheckConstraint("length(token_hash) = 32", name="token_hash"),
    # A seller's token opens nothing of the shop's, and the shop's nothing of a seller's.
    sa.CheckConstraint(
        "CASE WHEN seller_pk IS NULL THEN scopes = 'shoppers:login'"
        " ELSE scopes NOT LIKE '%shoppers:%' END",
        name="owner",
    ),
)


_TOKEN = Aggregate(
    entity=SellerToken,
    table=seller_tokens,
    references={"seller": Reference(entity=Seller, table=sellers)},
)
_SHOWN = seller_tokens.c.token_hash == sa.bindparam("token_hash")
_HOLDER = OwnerQuery(
    sa.select(
        *(seller_tokens.c[name] for name in ("pk", "seller_pk", "scopes")),
        *(seller_tokens.c[name] for name in ("expires_date", "last_used_day")),
    )
    .outerjoin_from(seller_tokens, sellers)
    .where(
        _SHOWN,
        seller_tokens.c.revoked_date.is_(None),
        sa.or_(seller_tokens.c.seller_pk.is_(None), sellers.c.is_active.is_(sa.true())),
    ),
    key=seller_tokens.c.seller_pk,
    credential=_SHOWN,
)


class SqlSellerTokens:
    """The stored tokens, as ``domain.sellers.tokens.SellerTokens`` asks of them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, token: SellerToken) -> None:
        self._work.add(_TOKEN, token)
        self._work.flush()

    def holder(self, token_hash: bytes) -> TokenHolder | None:
        row = _HOLDER.row(self._work, {"token_hash": token_hash})
        return None if row is None else TokenHolder(*row)

    def get(self, pk: int) -> SellerToken | None:
        return first(self._work.load(_TOKEN, [pk]))

    def record_use(self, pk: int, day: date) -> None:
        used = sa.update(seller_tokens).where(seller_tokens.c.pk == pk)
        self._work.execute(used.values(last_used_day=day))

    def count(self, seller_slug: str | None) -> int:
        counted = sa.select(sa.func.count()).select_from(seller_tokens.outerjoin(sellers))
        count: int = self._work.scalar(counted.where(*_of(seller_slug)))
        return count

    def tokens(self, seller_slug: str | None, page: PageRequest) -> list[SellerToken]:
        found = sa.select(seller_tokens.c.pk).outerjoin(sellers).where(*_of(seller_slug))
        found = found.order_by(seller_tokens.c.pk.desc()).limit(page.limit).offset(page.offset)
        return self._work.load(_TOKEN, self._work.scalars(found).all())


def _of(seller_slug: str | None) -> list[sa.ColumnElement[bool]]:
    return [] if seller_slug is None else [sellers.c.slug == seller_slug]
