"""What a statement does to servers that work with its table."""

import pytest

from persistence.migrations.effects import effects_of

EXPANDING = [
    "CREATE TABLE gifts (pk BIGINT NOT NULL)",
    "ALTER TABLE orders ADD COLUMN gift TEXT",
    "ALTER TABLE orders ADD COLUMN is_gift BOOLEAN DEFAULT false NOT NULL",
    "ALTER TABLE orders ALTER COLUMN gift SET DEFAULT ''",
    "ALTER TABLE orders ADD CONSTRAINT ck_orders_gift CHECK (gift <> '') NOT VALID",
    "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY(gift) REFERENCES gifts (pk) NOT VALID",
    "ALTER TABLE outbox_events DROP CONSTRAINT ck_outbox_events_kind",
    "ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_gift",
    "CREATE INDEX CONCURRENTLY ix_orders_gift ON orders (gift)",
    "INSERT INTO cancellation_reasons (pk) VALUES (1)",
    "COMMENT ON TABLE orders IS 'Orders'",
    "ALTER TABLE orders SET (fillfactor=80)",
]
CONTRACTING = [
    "ALTER TABLE orders ADD COLUMN gift TEXT NOT NULL",
    "ALTER TABLE orders ADD COLUMN gift TEXT UNIQUE",
    "ALTER TABLE orders ADD COLUMN gift TEXT DEFAULT random_text() NOT NULL",
    "ALTER TABLE orders ADD COLUMN gift BIGINT GENERATED ALWAYS AS (pk) STORED",
    "ALTER TABLE orders ALTER COLUMN gift TYPE BIGINT",
    "ALTER TABLE orders ALTER COLUMN gift SET NOT NULL",
    "ALTER TABLE orders ALTER COLUMN gift DROP NOT NULL",
    "ALTER TABLE orders ADD CONSTRAINT ck_orders_gift CHECK (gift <> '')",
    "ALTER TABLE orders ADD CONSTRAINT uq_orders_gift UNIQUE (gift)",
    "ALTER TABLE orders DROP COLUMN gift",
    "ALTER TABLE orders ADD PRIMARY KEY (pk, gift)",
    "ALTER TABLE orders ATTACH PARTITION old DEFAULT",
    "ALTER TABLE orders DROP CONSTRAINT uq_orders_gift",
    "ALTER TABLE orders RENAME COLUMN gift TO present",
    "ALTER TABLE orders RENAME TO baskets",
    "CREATE INDEX ix_orders_gift ON orders (gift)",
    "CREATE UNIQUE INDEX CONCURRENTLY ix_orders_gift ON orders (gift)",
    "DROP TABLE orders",
    "UPDATE orders SET gift = ''",
    "DELETE FROM orders",
    "DROP INDEX ix_orders_gift",
    "VACUUM FULL orders",
]


@pytest.mark.parametrize("statement", EXPANDING)
def test_expands(statement: str) -> None:
    [effect] = effects_of([statement])

    assert effect.is_expanding
    assert f" {effect.table}" in statement


@pytest.mark.parametrize("statement", CONTRACTING)
def test_does_not_expand(statement: str) -> None:
    [effect] = effects_of([statement])

    assert not effect.is_expanding


def test_a_table_that_is_created_has_no_other_users() -> None:
    statements = [
        "CREATE TABLE gifts (pk BIGINT NOT NULL)",
        "CREATE INDEX ix_gifts_pk ON gifts (pk)",
        "INSERT INTO gifts (pk) VALUES (1)",
        "UPDATE gifts SET pk = 2",
    ]

    [effect] = effects_of(statements)

    assert (effect.table, effect.description) == ("gifts", "is created")


def test_a_table_that_is_replaced_had_users() -> None:
    effects = effects_of(["DROP TABLE gifts", "CREATE TABLE gifts (pk BIGINT NOT NULL)"])

    assert [effect.is_expanding for effect in effects] == [False, True]


def test_an_index_that_is_created_again_is_not_dropped() -> None:
    statements = [
        "DROP INDEX CONCURRENTLY IF EXISTS ix_orders_gift",
        "CREATE INDEX CONCURRENTLY ix_orders_gift ON orders (gift)",
    ]

    assert [effect.is_expanding for effect in effects_of(statements)] == [True]


def test_many_statements_of_a_kind_are_one_effect() -> None:
    effects = effects_of(f"ALTER TABLE orders ADD COLUMN {name} TEXT" for name in "ab")

    assert len(effects) == 1
