"""Litestar with msgspec and asyncpg, without an ORM: PostgreSQL builds the JSON."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Annotated, Any

import asyncpg
import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import (
    ClientException,
    NotAuthorizedException,
    NotFoundException,
    PermissionDeniedException,
)
from litestar.params import Parameter

from benchmarks.peers import litestar_reads
from benchmarks.peers.litestar_cancellations import CancellationDraft, Refusal, open_request

# Generic plans suffice for look-ups by key, and JIT would cost more than it saves.
_SETTINGS = {"plan_cache_mode": "force_generic_plan", "jit": "off"}
_list_seller_orders = cache(litestar_reads.list_seller_orders)


class Page(msgspec.Struct):
    """A page with results as JSON from the database."""

    count: int
    next: str | None
    previous: str | None
    results: msgspec.Raw


async def reset(_connection: asyncpg.Connection) -> None:
    """Skip asyncpg's reset round trip, since no statement here changes the session."""


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    url = os.environ["DATABASE_URL"]
    async with asyncpg.create_pool(
        url, min_size=10, max_size=10, reset=reset, server_settings=_SETTINGS
    ) as pool:
        app.state.pool = pool
        yield


async def provide_pool(state: State) -> asyncpg.Pool:
    return state.pool


async def provide_session(
    sessionid: Annotated[str, Parameter(cookie="sessionid")] = "",
) -> bytes:
    return sha256(sessionid.encode()).digest()


async def provide_token(
    authorization: Annotated[str, Parameter(header="Authorization")] = "",
) -> bytes:
    return sha256(authorization.removeprefix("Bearer ").encode()).digest()


async def provide_filters(
    status: int | None = None,
    amount__gte: Decimal | None = None,
    date_placed__gte: datetime | None = None,
) -> dict[str, Any]:
    filters = {"status": status, "amount__gte": amount__gte, "date_placed__gte": date_placed__gte}
    return {name: value for name, value in filters.items() if value is not None}


Limit = Annotated[int, Parameter(ge=1, le=100)]
SellerLimit = Annotated[int, Parameter(ge=1, le=500)]
PageNumber = Annotated[int, Parameter(ge=1)]
JSON = "application/json"


def paginate(
    request: Request[Any, Any, State], row: asyncpg.Record | None, limit: int, page: int
) -> Page:
    if row is None:
        raise NotAuthorizedException
    if page > 1 and (page - 1) * limit >= row["count"]:
        raise NotFoundException
    return Page(
        row["count"],
        _url(request, page + 1) if page * limit < row["count"] else None,
        _url(request, page - 1) if page > 1 else None,
        msgspec.Raw(row["results"]),
    )


def _url(request: Request[Any, Any, State], page: int) -> str:
    query = request.url.query_params
    query["page"] = page
    path = request.scope["raw_path"].decode()  # with the trailing slash
    return str(request.url.with_replacements(path=path, query=query))


@get("/users/orders/")
async def list_orders(
    request: Request[Any, Any, State],
    pool: asyncpg.Pool,
    session: bytes,
    limit: Limit = 20,
    page: PageNumber = 1,
) -> Page:
    skipped = (page - 1) * limit
    row = await pool.fetchrow(litestar_reads.LIST_ORDERS, session, limit, skipped)
    return paginate(request, row, limit, page)


@get("/users/orders/{pk:int}/")
async def get_order(pk: int, pool: asyncpg.Pool, session: bytes) -> Response[bytes]:
    row = await pool.fetchrow(litestar_reads.GET_ORDER, session, pk)
    if row is None:
        raise NotAuthorizedException
    if row["body"] is None:
        raise NotFoundException
    return Response(row["body"].encode(), media_type=JSON)


@get("/users/old-orders/")
async def list_old_orders(
    request: Request[Any, Any, State],
    pool: asyncpg.Pool,
    session: bytes,
    limit: Limit = 20,
    page: PageNumber = 1,
) -> Page:
    skipped = (page - 1) * limit
    row = await pool.fetchrow(litestar_reads.LIST_OLD_ORDERS, session, limit, skipped)
    return paginate(request, row, limit, page)


@get("/api/i1/orders/")
async def list_seller_orders(
    request: Request[Any, Any, State],
    pool: asyncpg.Pool,
    token: bytes,
    filters: dict[str, Any],
    limit: SellerLimit = 20,
    page: PageNumber = 1,
) -> Page:
    statement = _list_seller_orders(tuple(filters))
    row = await pool.fetchrow(statement, token, limit, (page - 1) * limit, *filters.values())
    if row is not None and not row["may_read"]:
        raise PermissionDeniedException
    return paginate(request, row, limit, page)


@post("/users/orders/cancellation_requests/")
async def create_cancellation_request(
    data: CancellationDraft, pool: asyncpg.Pool, session: bytes
) -> Response[bytes]:
    try:
        record = await open_request(data, pool, session)
    except Refusal as refusal:
        raise ClientException(extra={refusal.field: refusal.text}) from refusal
    if record is None:
        raise NotAuthorizedException
    return Response(record.encode(), media_type=JSON)


app = Litestar(
    [list_orders, get_order, list_old_orders, list_seller_orders, create_cancellation_request],
    dependencies={
        "pool": Provide(provide_pool),
        "session": Provide(provide_session),
        "token": Provide(provide_token),
        "filters": Provide(provide_filters),
    },
    lifespan=[lifespan],
    openapi_config=None,
)
