"""The invariants hold for a shop with every kind of event, and a broken row is detected."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from faults.invariants import INVARIANTS, Invariant, broken_at, broken_invariants
from handlers.database import open_database
from persistence.engine.engines import Pool, connect
from tests.conftest import MakeUrl
from tests.support.application import usual_settings
from tests.support.eventful_shop import fill_shop

# A statement that breaks each rule, in the order of INVARIANTS.
SABOTAGE = (
    "UPDATE order_items SET cancelled_quantity = quantity + 1",
    "UPDATE cancellation_requests SET quantity = 1000 WHERE status = 'open'",
    "UPDATE order_items SET cancelled_quantity = 0 WHERE state = 'cancelled'",
    "UPDATE order_items SET refunded_quantity = 0 WHERE state = 'refunded'",
    """
    INSERT INTO cancellation_requests (pk, uuid, order_item_pk, reason_pk, cancellation_type,
        status, quantity, created_date, modified_date)
    SELECT -r.pk, i.uuid, r.order_item_pk, r.reason_pk, 'refund', 'open', 1, r.created_date,
        r.modified_date
    FROM cancellation_requests r JOIN order_items i ON i.pk = r.order_item_pk
    WHERE r.status = 'open' AND r.cancellation_type = 'cancel'
    """,
    "UPDATE order_items SET state = 'delivered' WHERE state = 'refunded'",
    "UPDATE order_items SET state = 'approved' WHERE state = 'cancellation_waiting'",
    "UPDATE orders SET state = 'shipped' WHERE state = 'cancelled'",
    "DELETE FROM audit_entries WHERE from_state = 'open'",
    "UPDATE audit_entries SET from_state = 'completed' WHERE to_state = 'completed'",
    "UPDATE audit_entries SET to_state = 'rejected' WHERE to_state = 'completed'",
    "UPDATE seller_order_counts SET status = status + 50 WHERE orders > 0",
    """
    INSERT INTO idempotency_keys (scope, key, fingerprint, created_date)
    SELECT 'user:1', 'a', token_hash, created_date FROM seller_tokens
    """,
    "UPDATE outbox_events SET delivered_date = created_date WHERE status = 'pending'",
    """
    DELETE FROM cancellation_plan_items WHERE request_pk IN (
        SELECT r.pk FROM cancellation_requests r
        JOIN audit_entries a ON a.subject_uuid = r.uuid AND a.from_state IS NULL)
    """,
    "UPDATE cancellation_plans SET plan_type = 'refund' WHERE plan_type = 'cancel'",
    """
    UPDATE cancellation_plan_items SET refund_amount = 1
    WHERE request_pk IN (SELECT pk FROM cancellation_requests WHERE status = 'rejected')
    """,
    "DELETE FROM loyalty_transactions",
    "UPDATE order_items SET price = price + 1",
    "UPDATE order_items SET discount_amount = discount_amount - 1 WHERE discount_amount > 0",
    "UPDATE orders SET refund_amount = 1000000000 WHERE refund_amount > 0",
    "UPDATE orders SET refund_amount = refund_amount - 1 WHERE refund_amount > 0",
    "UPDATE seller_orders SET shipping_amount = shipping_amount + 1",
)


@pytest.fixture(scope="module")
def url(make_url: MakeUrl) -> str:
    url = make_url()
    database = open_database(usual_settings(url))
    database.migrate()
    fill_shop(database)
    database.close()
    return url


@pytest.fixture
def connection(url: str) -> Iterator[sa.Connection]:
    """A connection without CHECK constraints, in a transaction that is rolled back."""
    engines = connect(url, Pool(1))
    with engines.writing.connect() as connection:
        _drop_checks(connection)
        yield connection
        connection.rollback()
    engines.dispose()


def _drop_checks(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        return
    checks = connection.exec_driver_sql(
        "SELECT conrelid::regclass, conname FROM pg_constraint"
        " WHERE contype = 'c' AND conrelid <> 0 AND coninhcount = 0"  # partitions inherit theirs
        " AND connamespace = 'public'::regnamespace"
    )
    for table, name in checks.all():
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def test_hold_for_a_shop_with_every_kind_of_event(url: str) -> None:
    assert broken_at(url) == []


@pytest.mark.parametrize(
    ("rule", "sabotage"),
    list(zip(INVARIANTS, SABOTAGE, strict=True)),
    ids=[rule.name for rule in INVARIANTS],
)
def test_a_broken_row_is_detected(
    connection: sa.Connection, rule: Invariant, sabotage: str
) -> None:
    changed = connection.exec_driver_sql(sabotage).rowcount

    assert changed > 0
    assert f"Broken: {rule.name}" in "\n".join(broken_invariants(connection))
