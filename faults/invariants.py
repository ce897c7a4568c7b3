"""Invariants of money, quantities and states, checked by SQL over all rows.

Each rule is computed from the rows alone, in SQL of both databases, and shares no code with what
wrote them. The rules hold for shops whose import documents have a request for every cancelled or
returned unit, as those of the demo shop do.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from persistence.engine.engines import Pool, connect

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule; ``broken`` selects the pks of the rows of ``table`` that break it."""

    name: str
    table: str
    broken: str


_UNITS = (
    Invariant(
        "no more units are cancelled and returned than were ordered",
        "order_items",
        """
        SELECT pk FROM order_items
        WHERE quantity < 1 OR cancelled_quantity < 0 OR refunded_quantity < 0
           OR cancelled_quantity + refunded_quantity > quantity
        """,
    ),
    Invariant(
        "open requests and pending returns are for no more units than are left",
        "order_items",
        """
        SELECT i.pk FROM order_items i JOIN cancellation_requests r ON r.order_item_pk = i.pk
        WHERE r.status = 'open' OR (r.status = 'approved' AND r.cancellation_type = 'refund')
        GROUP BY i.pk
        HAVING SUM(COALESCE(r.quantity, 1)) > i.quantity - i.cancelled_quantity
                                              - i.refunded_quantity
        """,
    ),
    Invariant(
        "cancelled units are those of approved cancellation requests",
        "order_items",
        """
        SELECT i.pk FROM order_items i
        LEFT JOIN cancellation_requests r ON r.order_item_pk = i.pk
         AND r.cancellation_type = 'cancel' AND r.status IN ('approved', 'completed')
        GROUP BY i.pk HAVING COALESCE(SUM(r.quantity), 0) <> i.cancelled_quantity
        """,
    ),
    Invariant(
        "returned units are those of completed return requests",
        "order_items",
        """
        SELECT i.pk FROM order_items i
        LEFT JOIN cancellation_requests r ON r.order_item_pk = i.pk
         AND r.cancellation_type = 'refund' AND r.status = 'completed'
        GROUP BY i.pk HAVING COALESCE(SUM(r.quantity), 0) <> i.refunded_quantity
        """,
    ),
    Invariant(
        "a line has at most one open request",
        "order_items",
        """
        SELECT order_item_pk FROM cancellation_requests WHERE status = 'open'
        GROUP BY order_item_pk HAVING COUNT(*) > 1
        """,
    ),
)

_STATES = (
    Invariant(
        "a line is in a final state when no unit is left",
        "order_items",
        """
        SELECT pk FROM order_items
        WHERE (cancelled_quantity + refunded_quantity = quantity)
           <> (state IN ('cancelled', 'rejected', 'refunded'))
        """,
    ),
    Invariant(
        "a line is in cancellation_waiting while a cancellation request is open",
        "order_items",
        """
        SELECT pk FROM order_items
        WHERE (state = 'cancellation_waiting') <> EXISTS (
            SELECT 1 FROM cancellation_requests r WHERE r.order_item_pk = order_items.pk
            AND r.cancellation_type = 'cancel' AND r.status = 'open')
        """,
    ),
    Invariant(
        "an order is in a final state when all its lines are, and in theirs",
        "orders",
        """
        SELECT o.pk FROM orders o JOIN (
            SELECT order_pk, CASE
                WHEN MIN(CASE WHEN state IN ('cancelled', 'rejected', 'refunded')
                         THEN 1 ELSE 0 END) = 0 THEN 'active'
                WHEN MAX(CASE WHEN state = 'refunded' THEN 1 ELSE 0 END) = 1 THEN 'refunded'
                WHEN MAX(CASE WHEN state = 'rejected' THEN 1 ELSE 0 END) = 1 THEN 'rejected'
                ELSE 'cancelled' END AS outcome
            FROM order_items GROUP BY order_pk) lines ON lines.order_pk = o.pk
        WHERE CASE WHEN o.state IN ('cancelled', 'rejected', 'refunded')
              THEN o.state ELSE 'active' END <> lines.outcome
        """,
    ),
    Invariant(
        "the current state is the last of the audit trail",
        "audit_entries",
        """
        SELECT a.pk FROM audit_entries a JOIN (
            SELECT uuid, state FROM orders
            UNION ALL SELECT uuid, state FROM order_items
            UNION ALL SELECT uuid, status FROM cancellation_requests
            UNION ALL SELECT uuid, status FROM cancellation_plans
            UNION ALL SELECT uuid, state FROM trade_in_offers
            UNION ALL SELECT uuid, CASE WHEN is_active THEN 'active' ELSE 'inactive' END
            FROM users) now ON now.uuid = a.subject_uuid
        WHERE a.to_state <> now.state AND NOT EXISTS (
            SELECT 1 FROM audit_entries later
            WHERE later.subject_uuid = a.subject_uuid AND later.pk > a.pk)
        """,
    ),
    Invariant(
        "a state change starts from the state of the one before",
        "audit_entries",
        """
        SELECT pk FROM (
            SELECT pk, from_state,
                   LAG(to_state) OVER (PARTITION BY subject_uuid ORDER BY pk) AS before
            FROM audit_entries) chained
        WHERE before IS NOT NULL AND (from_state IS NULL OR from_state <> before)
        """,
    ),
    Invariant(
        "a request or offer is decided once",
        "audit_entries",
        """
        SELECT MIN(pk) FROM audit_entries
        WHERE (subject = 'cancellation_request' AND to_state IN ('approved', 'rejected'))
           OR (subject = 'trade_in_offer' AND to_state IN ('approved', 'rejected'))
        GROUP BY subject_uuid HAVING COUNT(*) > 1
        """,
    ),
    Invariant(
        "the stored counts are those of the sellers' orders",
        "sellers",
        """
        SELECT DISTINCT seller_pk FROM (
            SELECT seller_pk, status, orders FROM seller_order_counts
            UNION ALL SELECT seller_pk, status, -1 FROM seller_orders) counted
        GROUP BY seller_pk, status HAVING SUM(orders) <> 0
        """,
    ),
    Invariant(
        "a stored idempotency key has its response",
        "idempotency_keys",
        "SELECT key FROM idempotency_keys WHERE status IS NULL OR body IS NULL",
    ),
    Invariant(
        "exactly the delivered events have a delivery date, and at least one attempt",
        "outbox_events",
        """
        SELECT pk FROM outbox_events
        WHERE (status = 'delivered') <> (delivered_date IS NOT NULL)
           OR (status = 'delivered' AND attempts < 1)
        """,
    ),
)

_PLANS = (
    Invariant(
        "every request that was created here has a plan",
        "cancellation_requests",
        """
        SELECT r.pk FROM cancellation_requests r
        JOIN audit_entries a ON a.subject_uuid = r.uuid AND a.from_state IS NULL
        LEFT JOIN cancellation_plan_items p ON p.request_pk = r.pk WHERE p.pk IS NULL
        """,
    ),
    Invariant(
        "a plan is about one order, one seller and one type",
        "cancellation_plan_items",
        """
        SELECT p.pk FROM cancellation_plan_items p
        JOIN cancellation_plans g ON g.pk = p.plan_pk
        JOIN cancellation_requests r ON r.pk = p.request_pk
        JOIN order_items i ON i.pk = r.order_item_pk
        WHERE i.order_pk <> g.order_pk OR r.cancellation_type <> g.plan_type
           OR COALESCE(i.seller_pk, 0) <> COALESCE(g.seller_pk, 0)
        """,
    ),
    Invariant(
        "a rejected request has no refund",
        "cancellation_plan_items",
        """
        SELECT p.pk FROM cancellation_plan_items p
        JOIN cancellation_requests r ON r.pk = p.request_pk WHERE r.status = 'rejected'
        AND (p.refund_amount <> 0 OR p.discount_refund_amount <> 0
             OR p.shipping_refund_amount <> 0 OR p.own_shipping_refund_amount <> 0)
        """,
    ),
    Invariant(
        "a completed request with a loyalty refund has one loyalty transaction",
        "cancellation_requests",
        """
        SELECT r.pk FROM cancellation_requests r
        JOIN cancellation_plan_items p ON p.request_pk = r.pk
        LEFT JOIN loyalty_transactions t
          ON REPLACE(t.reference, '-', '') = REPLACE(CAST(r.uuid AS VARCHAR), '-', '')
        WHERE r.status = 'completed' AND NOT r.is_imported
          AND r.fully_refund_as_loyalty_money AND p.refund_amount > 0
        GROUP BY r.pk, p.refund_amount
        HAVING COUNT(t.pk) <> 1 OR MIN(t.amount) <> p.refund_amount
        """,
    ),
)

_MONEY = (
    Invariant(
        "the amount of a line is that of its units",
        "order_items",
        """
        SELECT pk FROM order_items WHERE price <> unit_price * quantity OR unit_price < 0
           OR discount_amount < 0 OR discount_amount > price
        """,
    ),
    Invariant(
        "discounts are shared in proportion to the prices, to the minor unit",
        "orders",
        """
        SELECT i.order_pk FROM order_items i
        JOIN (SELECT order_pk, SUM(price) AS price, SUM(discount_amount) AS discount
              FROM order_items GROUP BY order_pk) whole ON whole.order_pk = i.order_pk
        LEFT JOIN (SELECT order_pk, SUM(amount) AS amount
                   FROM discount_items GROUP BY order_pk) given ON given.order_pk = i.order_pk
        WHERE whole.discount <> COALESCE(given.amount, 0)
           OR (whole.price > 0 AND ABS(i.discount_amount * whole.price
                                       - whole.discount * i.price) >= whole.price)
        GROUP BY i.order_pk
        """,
    ),
    Invariant(
        "completed and promised refunds do not exceed the payment",
        "orders",
        """
        SELECT o.pk FROM orders o
        JOIN (SELECT order_pk, SUM(price) AS price, SUM(discount_amount) AS discount
              FROM order_items GROUP BY order_pk) paid ON paid.order_pk = o.pk
        LEFT JOIN (
            SELECT g.order_pk,
                   SUM(CASE WHEN r.status = 'approved' THEN p.refund_amount ELSE 0 END
                       + p.unpaid_amount) AS refund,
                   SUM(CASE WHEN r.status = 'approved' THEN p.discount_refund_amount ELSE 0 END
                       + p.unpaid_discount_amount) AS discount,
                   SUM(CASE WHEN r.status = 'approved' THEN p.shipping_refund_amount ELSE 0 END)
                       AS shipping
            FROM cancellation_plan_items p JOIN cancellation_plans g ON g.pk = p.plan_pk
            JOIN cancellation_requests r ON r.pk = p.request_pk
             AND r.status IN ('approved', 'completed')
            GROUP BY g.order_pk) promised ON promised.order_pk = o.pk
        WHERE o.refund_amount + COALESCE(promised.refund, 0)
              > paid.price - paid.discount + o.shipping_amount
           OR o.discount_refund_amount + COALESCE(promised.discount, 0) > paid.discount
           OR o.shipping_refund_amount + COALESCE(promised.shipping, 0) > o.shipping_amount
           OR o.shipping_refund_amount > o.refund_amount
        """,
    ),
    Invariant(
        "completed and promised refunds are the payment for the units, to the minor unit",
        "orders",
        # n of a line's q units are worth its price times n/q, rounded to the nearest minor unit.
        # Shipping is refunded when all units were cancelled before anything was shipped. Units
        # that were cancelled before the payment are not refunded.
        """
        WITH promised AS (
            SELECT r.order_item_pk, r.cancellation_type, r.quantity, p.refund_amount,
                   p.discount_refund_amount
            FROM cancellation_plan_items p
            JOIN cancellation_requests r ON r.pk = p.request_pk AND r.status = 'approved'),
        lines AS (
            SELECT i.order_pk, i.quantity, i.price - i.discount_amount AS paid,
                   i.discount_amount AS discount,
                   i.cancelled_quantity + i.refunded_quantity + COALESCE((
                       SELECT SUM(quantity) FROM promised
                       WHERE order_item_pk = i.pk AND cancellation_type = 'refund'), 0) AS ended,
                   COALESCE((SELECT SUM(refund_amount) FROM promised
                             WHERE order_item_pk = i.pk), 0) AS refund,
                   COALESCE((SELECT SUM(discount_refund_amount) FROM promised
                             WHERE order_item_pk = i.pk), 0) AS discount_refund,
                   CASE WHEN i.state IN ('cancelled', 'rejected') AND i.shipped_date IS NULL
                   THEN 0 ELSE 1 END AS kept_shipping
            FROM order_items i),
        unpaid AS (
            SELECT i.order_pk, SUM(p.unpaid_amount) AS goods,
                   SUM(p.unpaid_discount_amount) AS discount
            FROM cancellation_plan_items p
            JOIN cancellation_requests r ON r.pk = p.request_pk
             AND r.status IN ('approved', 'completed')
            JOIN order_items i ON i.pk = r.order_item_pk GROUP BY i.order_pk),
        sums AS (
            SELECT order_pk, MAX(kept_shipping) AS kept_shipping, SUM(refund) AS refund,
                   SUM(discount_refund) AS discount_refund,
                   SUM((2 * paid * ended + quantity) / (2 * quantity)) AS goods,
                   SUM((2 * discount * ended + quantity) / (2 * quantity)) AS discount
            FROM lines GROUP BY order_pk)
        SELECT o.pk FROM orders o JOIN sums s ON s.order_pk = o.pk
        LEFT JOIN unpaid u ON u.order_pk = o.pk
        WHERE o.refund_amount + s.refund <> CASE WHEN o.payment_pending THEN 0 ELSE
                  s.goods - COALESCE(u.goods, 0)
                  + CASE WHEN s.kept_shipping = 0 THEN o.shipping_amount ELSE 0 END END
           OR o.discount_refund_amount + s.discount_refund
              <> CASE WHEN o.payment_pending THEN 0 ELSE s.discount - COALESCE(u.discount, 0) END
        """,
    ),
    Invariant(
        "the sellers' shares add up to the order",
        "orders",
        """
        SELECT o.pk FROM orders o
        JOIN (SELECT order_pk, SUM(price - discount_amount) AS goods,
                     SUM(discount_amount) AS discount, COUNT(DISTINCT seller_pk) AS sellers,
                     SUM(CASE WHEN seller_pk IS NULL THEN 1 ELSE 0 END) AS own
              FROM order_items GROUP BY order_pk) i ON i.order_pk = o.pk
        LEFT JOIN (SELECT order_pk, COUNT(*) AS sellers, SUM(amount) AS amount,
                     SUM(discount_amount) AS discount, SUM(shipping_amount) AS shipping,
                     SUM(refund_amount) AS refund, SUM(shipping_refund_amount) AS sent_back,
                     SUM(discount_refund_amount) AS lost
              FROM seller_orders GROUP BY order_pk) s ON s.order_pk = o.pk
        WHERE COALESCE(s.sellers, 0) <> i.sellers
           OR (i.own = 0 AND (s.amount <> i.goods + o.shipping_amount
                OR s.discount <> i.discount OR s.shipping <> o.shipping_amount
                OR s.refund <> o.refund_amount OR s.sent_back <> o.shipping_refund_amount
                OR s.lost <> o.discount_refund_amount))
           OR s.amount > i.goods + o.shipping_amount OR s.refund > o.refund_amount
        """,
    ),
)

INVARIANTS = (*_UNITS, *_STATES, *_PLANS, *_MONEY)


def broken_invariants(connection: sa.Connection) -> list[str]:
    """Return a sentence for each broken rule, with the pks of some rows and no other data."""
    broken = []
    for rule in INVARIANTS:
        pks = connection.scalars(sa.text(rule.broken)).all()
        if pks:
            shown = ", ".join(map(str, pks[:_SHOWN]))
            broken.append(f"Broken: {rule.name} ({len(pks)} of {rule.table}, as {shown}).")
    return broken


def broken_at(database_url: str) -> list[str]:
    """Return the broken rules of the database at this moment, as `broken_invariants` does."""
    engines = connect(database_url, Pool(1))
    try:
        with engines.snapshot.connect() as connection:
            return broken_invariants(connection)
    finally:
        engines.dispose()
