"""The Litestar peer's SELECT statements: one for each response, which also finds the caller."""

from collections.abc import Iterable

from benchmarks.peers.litestar_json import OLD_ORDER, ORDER, SELLER_ORDER

SHOPPER = """
    SELECT users.id FROM sessions JOIN users ON users.id = sessions.user_id
    WHERE id_hash = $1 AND is_active AND expires_date > now()
"""
_SELLER = """
    SELECT seller_id AS id, 'orders:read' = ANY (string_to_array(scopes, ' ')) AS may_read
    FROM seller_tokens
    WHERE token_hash = $1 AND revoked_date IS NULL AND expires_date > now()
"""
_SELLER_FILTERS = {
    "status": "o.status = ${}",
    "amount__gte": "o.amount >= ${}",
    "date_placed__gte": "o.date_placed >= ${}",
}

GET_ORDER = f"""
    WITH caller AS ({SHOPPER})
    SELECT (SELECT {ORDER}::text FROM orders o WHERE o.id = $2 AND o.user_id = caller.id) AS body
    FROM caller
"""


def _page(caller: str, table: str, condition: str, order: str, document: str, columns: str) -> str:
    """No row for an unknown caller; else the caller's, with the count and the documents.

    The page is chosen first, so that only what is on it becomes a document.
    """
    return f"""
        WITH caller AS ({caller})
        SELECT {columns},
            (SELECT count(*) FROM {table} o WHERE {condition}) AS count,
            (SELECT coalesce(json_agg({document} ORDER BY {order}), '[]')::text FROM (
                SELECT * FROM {table} o WHERE {condition}
                ORDER BY {order} LIMIT $2 OFFSET $3
            ) AS o) AS results
        FROM caller
    """


LIST_ORDERS = _page(
    SHOPPER,
    "orders",
    "o.user_id = caller.id",
    "o.created_date DESC, o.id DESC",
    ORDER,
    "caller.id",
)
LIST_OLD_ORDERS = _page(
    SHOPPER,
    "old_orders",
    "o.user_id = caller.id",
    "o.created_date DESC, o.id DESC",
    OLD_ORDER,
    "caller.id",
)


def list_seller_orders(filters: Iterable[str]) -> str:
    """The statement for these filters; their values are its arguments from the fourth on."""
    compared = [_SELLER_FILTERS[name].format(at) for at, name in enumerate(filters, start=4)]
    return _page(
        _SELLER,
        "seller_orders",
        " AND ".join(["o.seller_id = caller.id", *compared]),
        'o.date_placed DESC, o."row" DESC',
        SELLER_ORDER,
        "caller.may_read",
    )
