"""The baseline: raw ASGI, one look-up of the session and one query for stored bytes."""

import os
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import asyncpg

_SHOPPER = """
SELECT user_id FROM sessions JOIN users ON users.id = sessions.user_id
WHERE id_hash = $1 AND is_active AND expires_date > $2
"""
_SELLER = """
SELECT seller_id FROM seller_tokens
WHERE token_hash = $1 AND revoked_date IS NULL AND expires_date > $2
"""
_PAGE = "SELECT body FROM pages WHERE owner = $1 AND path = $2"


class Limit:
    """Responds with the stored page of the caller and the path with its query."""

    def __init__(self) -> None:
        self._pool: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        status, body = await self._response(scope)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        self._pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], max_size=10)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _response(self, scope: Any) -> tuple[int, bytes]:
        headers = dict(scope["headers"])
        cookie = headers.get(b"cookie", b"").removeprefix(b"sessionid=")
        token = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        path = scope["path"]
        if scope["query_string"]:
            path += "?" + scope["query_string"].decode()
        async with self._pool.acquire() as connection:
            statement = _SELLER if token else _SHOPPER
            hashed = sha256(token or cookie).digest()
            owner = await connection.fetchval(statement, hashed, datetime.now(UTC))
            if owner is None:
                return 401, b"{}"
            body = await connection.fetchval(_PAGE, -owner if token else owner, path)
        return (404, b"{}") if body is None else (200, body)


app = Limit()
