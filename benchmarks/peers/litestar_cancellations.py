"""The Litestar peer's cancellation request: a statement that locks, and one that does the rest."""

import asyncpg
import msgspec

from benchmarks.peers.litestar_json import REQUEST_FIELDS, row_object
from benchmarks.peers.litestar_reads import SHOPPER

_LOCK = f"""
    WITH caller AS ({SHOPPER})
    SELECT caller.id AS user_id, (
        SELECT id FROM orders
        WHERE id = (SELECT order_id FROM order_items WHERE id = $2) AND user_id = caller.id
        FOR NO KEY UPDATE
    ) AS order_id FROM caller
"""

# Runs after the order is locked, so that it sees all changes of earlier requests.
_OPEN = f"""
    WITH judged AS (
        SELECT i.*, p.name, coalesce($4, i.quantity) AS requested, CASE
            WHEN r.id IS NULL THEN 'reason'
            WHEN coalesce($4, 1) > i.quantity THEN 'quantity'
            WHEN NOT i.is_cancellable THEN 'non_field_errors'
        END AS refused
        FROM order_items i JOIN products p ON p.id = i.product_id
        LEFT JOIN cancellation_reasons r ON r.id = $2 AND r.cancellation_type = $3
        WHERE i.id = $1
    ), item AS (
        SELECT * FROM judged WHERE refused IS NULL
    ), c AS (
        INSERT INTO cancellation_requests (
            uuid, order_item_id, reason_id, cancellation_type_code, status_code, description,
            iban, holder_name, quantity, fully_refund_as_loyalty_money, created_date,
            modified_date
        )
        SELECT gen_random_uuid(), id, $2, $3, 'open', $5, $6, $7, requested, $8, now(), now()
        FROM item
        RETURNING *
    ), found AS (
        SELECT plan.id FROM cancellation_plans plan JOIN item USING (order_id)
        WHERE plan.seller_id IS NOT DISTINCT FROM item.datasource_id
            AND plan.plan_type = $3 AND plan.status = 'waiting'
    ), new_plan AS (
        INSERT INTO cancellation_plans (
            uuid, order_id, seller_id, plan_type, status, payment_plan, created_date,
            modified_date
        )
        SELECT gen_random_uuid(), order_id, datasource_id, $3, 'waiting', '{{}}', now(), now()
        FROM item WHERE NOT EXISTS (SELECT FROM found)
        RETURNING id, uuid
    ), plan_item AS (
        INSERT INTO cancellation_plan_items (
            plan_id, request_id, refund_amount, discount_refund_amount, shipping_refund_amount
        )
        SELECT plan.id, c.id,
            round(item.discounted_price * c.quantity / item.quantity, 2),
            round(item.discount_amount * c.quantity / item.quantity, 2), 0
        FROM item, c, (SELECT id FROM found UNION ALL SELECT id FROM new_plan) AS plan
        RETURNING refund_amount
    ), changed_item AS (
        UPDATE order_items i SET status_code = '50', cancel_status = 'waiting',
            is_cancellable = false, cancellable_quantity = 0, modified_date = now()
        FROM item WHERE i.id = item.id
    ), changed_order AS (
        UPDATE orders o SET version = o.version + 1, modified_date = now(),
            is_cancellable = EXISTS (
                SELECT FROM order_items other
                WHERE other.order_id = o.id AND other.id <> item.id AND other.is_cancellable
            )
        FROM item WHERE o.id = item.order_id
        RETURNING o.user_email, o.language_code, o.number, o.currency_code
    ), noted AS (
        INSERT INTO audit_entries (
            created_date, actor, subject, subject_uuid, from_state, to_state
        )
        SELECT now(), 'user:' || $9::bigint, subject, uuid, from_state, to_state FROM (
            SELECT 'cancellation_request' AS subject, uuid, NULL AS from_state,
                'open' AS to_state FROM c
            UNION ALL SELECT 'order_item', uuid, status_code, '50' FROM item
            UNION ALL SELECT 'cancellation_plan', uuid, NULL, 'waiting' FROM new_plan
        ) AS changes
    ), announced AS (
        INSERT INTO outbox_events (
            uuid, kind, payload, status, attempts, created_date, due_date
        )
        SELECT gen_random_uuid(), 'cancellation_received', json_build_object(
            'email', o.user_email, 'language', o.language_code, 'order_number', o.number,
            'currency', o.currency_code, 'requests', json_build_array(json_build_object(
                'uuid', c.uuid, 'cancellation_type', c.cancellation_type_code,
                'quantity', c.quantity, 'product', item.name,
                'refund_amount', plan_item.refund_amount::text,
                'fully_refund_as_loyalty_money',
                coalesce(c.fully_refund_as_loyalty_money, false)
            ))
        ), 'pending', 0, now(), now()
        FROM c, item, plan_item, changed_order o
    ), followed AS (
        UPDATE seller_orders s SET updated_at = now(),
            cancel_status = CASE WHEN s.seller_id = item.datasource_id THEN 'waiting'
                ELSE s.cancel_status END,
            status = CASE WHEN s.seller_id = item.datasource_id AND NOT EXISTS (
                SELECT FROM order_items other WHERE other.order_id = item.order_id
                    AND other.datasource_id = item.datasource_id AND other.id <> item.id
                    AND other.status_code <> '50'
            ) THEN 700 ELSE s.status END
        FROM item WHERE s.order_id = item.order_id
    )
    SELECT judged.refused, {
    row_object(f'''SELECT {REQUEST_FIELDS}, NULL::json AS easy_return,
        c.cancellation_type_code AS cancellation_type FROM c''')
}::text AS record
    FROM judged
"""

_TEXTS = {
    "order_item": "There is no such item.",
    "reason": "There is no such reason.",
    "quantity": "That is more than what is left.",
    "non_field_errors": "The item can't be cancelled.",
}


class CancellationDraft(msgspec.Struct):
    order_item: int
    reason: int
    cancellation_type: str
    quantity: int | None = None
    description: str | None = None
    iban: str | None = None
    holder_name: str | None = None
    fully_refund_as_loyalty_money: bool | None = None


class Refusal(Exception):
    """The request is not allowed; the message is the field at fault."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field
        self.text = _TEXTS[field]


async def open_request(draft: CancellationDraft, pool: asyncpg.Pool, session: bytes) -> str | None:
    """Open the request and return its record as JSON; None for an unknown session.

    Raises Refusal.
    """
    async with pool.acquire() as connection, connection.transaction():
        locked = await connection.fetchrow(_LOCK, session, draft.order_item)
        if locked is None:
            return None
        if locked["order_id"] is None:
            raise Refusal("order_item")
        row = await connection.fetchrow(
            _OPEN,
            draft.order_item,
            draft.reason,
            draft.cancellation_type,
            draft.quantity,
            draft.description,
            draft.iban,
            draft.holder_name,
            draft.fully_refund_as_loyalty_money,
            locked["user_id"],
        )
        if row["refused"]:
            raise Refusal(row["refused"])
        record: str = row["record"]
        return record
