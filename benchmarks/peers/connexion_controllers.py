"""Controllers and security functions of the connexion peer."""

import os
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from connexion import request
from sqlalchemy import Select, create_engine, func, select
from sqlalchemy.orm import scoped_session, sessionmaker

from benchmarks.peers import connexion_schemas as schemas
from benchmarks.peers.loading import with_all_of_old_order, with_all_of_order
from benchmarks.peers.order_tables import Order
from benchmarks.peers.other_tables import OldOrder, SellerOrder
from benchmarks.peers.tables import SellerToken, Session, User

engine = create_engine(os.environ["DATABASE_URL"], pool_size=10, max_overflow=0)
new_session = sessionmaker(engine)
db = scoped_session(new_session)

_ORDER = schemas.Order()
_OLD_ORDER = schemas.OldOrder()
_SELLER_ORDER = schemas.SellerOrder()


def close_session(_error: BaseException | None) -> None:
    db.remove()


def shopper(value: str) -> dict[str, Any] | None:
    """x-apikeyInfoFunc: the user of the session."""
    hashed = sha256(value.encode()).digest()
    with new_session() as session:
        query = select(User, Session.expires_date).join(Session).where(Session.id_hash == hashed)
        row = session.execute(query).one_or_none()
    if row is None or not row.User.is_active or row.expires_date <= datetime.now(UTC):
        return None
    return {"sub": row.User.id}


def seller(value: str) -> dict[str, Any] | None:
    """x-bearerInfoFunc: the seller of the token."""
    with new_session() as session:
        token = session.get(SellerToken, sha256(value.encode()).digest())
    if token is None or token.revoked_date or token.expires_date <= datetime.now(UTC):
        return None
    return {"sub": token.seller_id, "scope": token.scopes}


def list_orders(user: int, limit: int = 20, page: int = 1) -> Any:
    query = select(Order).where(Order.user_id == user)
    query = query.order_by(Order.created_date.desc(), Order.id.desc())
    rows = _paginated(query.options(*with_all_of_order()), limit, page)
    return schemas.page_of(_ORDER, rows) if rows else ({"detail": "Invalid page."}, 404)


def get_order(user: int, pk: int) -> Any:
    query = select(Order).where(Order.id == pk, Order.user_id == user)
    order = db.scalars(query.options(*with_all_of_order())).one_or_none()
    return _ORDER.dump(order) if order else ({"detail": "Not found."}, 404)


def list_old_orders(user: int, limit: int = 20, page: int = 1) -> Any:
    query = select(OldOrder).where(OldOrder.user_id == user)
    query = query.order_by(OldOrder.created_date.desc(), OldOrder.id.desc())
    rows = _paginated(query.options(*with_all_of_old_order()), limit, page)
    return schemas.page_of(_OLD_ORDER, rows) if rows else ({"detail": "Invalid page."}, 404)


def list_seller_orders(user: int, limit: int = 20, page: int = 1, **filters: Any) -> Any:
    query = select(SellerOrder).where(SellerOrder.seller_id == user)
    if "status" in filters:
        query = query.where(SellerOrder.status == filters["status"])
    if "amount__gte" in filters:
        query = query.where(SellerOrder.amount >= Decimal(filters["amount__gte"]))
    if "date_placed__gte" in filters:
        since = datetime.fromisoformat(filters["date_placed__gte"])
        query = query.where(SellerOrder.date_placed >= since)
    query = query.order_by(SellerOrder.date_placed.desc(), SellerOrder.row.desc())
    rows = _paginated(query, limit, page)
    return schemas.page_of(_SELLER_ORDER, rows) if rows else ({"detail": "Invalid page."}, 404)


def _paginated(query: Select[Any], limit: int, page: int) -> dict[str, Any] | None:
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    count = db.execute(counted).scalar_one()
    if page > 1 and (page - 1) * limit >= count:
        return None
    return {
        "count": count,
        "next": _url(page + 1) if page * limit < count else None,
        "previous": _url(page - 1) if page > 1 else None,
        "results": db.scalars(query.limit(limit).offset((page - 1) * limit)).all(),
    }


def _url(page: int) -> str:
    return str(request.url.include_query_params(page=page))
