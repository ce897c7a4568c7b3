"""FastAPI with SQLAlchemy 2's asyncio extension and asyncpg, as their documentation recommends."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Cookie, Depends, FastAPI, Header, HTTPException, Query, Request
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.peers import fastapi_schemas as schemas
from benchmarks.peers.fastapi_cancellations import open_request
from benchmarks.peers.loading import with_all_of_old_order, with_all_of_order
from benchmarks.peers.order_tables import Order
from benchmarks.peers.other_tables import OldOrder, SellerOrder
from benchmarks.peers.tables import SellerToken, Session, User

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=10, max_overflow=0)
new_session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


async def get_db() -> AsyncIterator[AsyncSession]:
    async with new_session() as session:
        yield session


Db = Annotated[AsyncSession, Depends(get_db)]


async def get_user(db: Db, sessionid: Annotated[str, Cookie()] = "") -> User:
    hashed = sha256(sessionid.encode()).digest()
    query = select(User, Session.expires_date).join(Session).where(Session.id_hash == hashed)
    row = (await db.execute(query)).one_or_none()
    if row is None or not row.User.is_active or row.expires_date <= datetime.now(UTC):
        raise HTTPException(401)
    user: User = row.User
    return user


async def get_seller(db: Db, authorization: Annotated[str, Header()] = "") -> int:
    hashed = sha256(authorization.removeprefix("Bearer ").encode()).digest()
    token = await db.get(SellerToken, hashed)
    if token is None or token.revoked_date or token.expires_date <= datetime.now(UTC):
        raise HTTPException(401)
    if "orders:read" not in token.scopes.split():
        raise HTTPException(403)
    return token.seller_id


CurrentUser = Annotated[User, Depends(get_user)]
CurrentSeller = Annotated[int, Depends(get_seller)]
Limit = Annotated[int, Query(ge=1, le=100)]
PageNumber = Annotated[int, Query(ge=1)]


async def paginate(
    request: Request, db: AsyncSession, query: Select[Any], limit: int, page: int
) -> dict[str, Any]:
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    count = (await db.execute(counted)).scalar_one()
    if page > 1 and (page - 1) * limit >= count:
        raise HTTPException(404)
    rows = await db.scalars(query.limit(limit).offset((page - 1) * limit))
    return {
        "count": count,
        "next": _url(request, page + 1) if page * limit < count else None,
        "previous": _url(request, page - 1) if page > 1 else None,
        "results": rows.all(),
    }


def _url(request: Request, page: int) -> str:
    return str(request.url.include_query_params(page=page))


@app.get("/users/orders/", response_model=schemas.OrderPage)
async def list_orders(
    request: Request, db: Db, user: CurrentUser, limit: Limit = 20, page: PageNumber = 1
) -> Any:
    query = select(Order).where(Order.user_id == user.id)
    query = query.order_by(Order.created_date.desc(), Order.id.desc())
    return await paginate(request, db, query.options(*with_all_of_order()), limit, page)


@app.get("/users/orders/{pk}/", response_model=schemas.Order)
async def get_order(pk: int, db: Db, user: CurrentUser) -> Any:
    query = select(Order).where(Order.id == pk, Order.user_id == user.id)
    order = (await db.scalars(query.options(*with_all_of_order()))).one_or_none()
    if order is None:
        raise HTTPException(404)
    return order


@app.get("/users/old-orders/", response_model=schemas.OldOrderPage)
async def list_old_orders(
    request: Request, db: Db, user: CurrentUser, limit: Limit = 20, page: PageNumber = 1
) -> Any:
    query = select(OldOrder).where(OldOrder.user_id == user.id)
    query = query.order_by(OldOrder.created_date.desc(), OldOrder.id.desc())
    return await paginate(request, db, query.options(*with_all_of_old_order()), limit, page)


@app.get("/api/i1/orders/", response_model=schemas.SellerOrderPage)
async def list_seller_orders(
    request: Request,
    db: Db,
    seller: CurrentSeller,
    filters: Annotated[schemas.SellerFilters, Query()],
) -> Any:
    query = select(SellerOrder).where(SellerOrder.seller_id == seller)
    if filters.status is not None:
        query = query.where(SellerOrder.status == filters.status)
    if filters.amount__gte is not None:
        query = query.where(SellerOrder.amount >= filters.amount__gte)
    if filters.date_placed__gte is not None:
        query = query.where(SellerOrder.date_placed >= filters.date_placed__gte)
    query = query.order_by(SellerOrder.date_placed.desc(), SellerOrder.row.desc())
    return await paginate(request, db, query, filters.limit, filters.page)


@app.post("/users/orders/cancellation_requests/", response_model=schemas.CancellationRequestRecord)
async def create_cancellation_request(
    draft: schemas.CancellationDraft, db: Db, user: CurrentUser
) -> Any:
    return await open_request(draft, db, user)
