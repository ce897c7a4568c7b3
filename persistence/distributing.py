"""Converting the tables of a coordinator of Citus: ``waybill distribute``, docs/scale.md.

Each step reads the catalog to learn whether it is done, so a conversion that was interrupted is
continued by another one. Steps of one kind commit together or alone; until all are done, servers
must not run. The copies by seller come last.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from persistence.orders.seller_copies import COPIES, Copy
from persistence.orders.seller_counts import seller_order_counts
from persistence.sql.columns import OWNER, metadata
from persistence.sql.distributed_tables import (
    REFERENCE_TABLES,
    SELLER,
    distributed_tables,
    distribution_column,
)

LOCK_TIMEOUT_MS = 10_000
"""How long a step waits for tables that a server uses which was not stopped."""

_OTHERS = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND application_name = current_setting('application_name')"
)
# PostgreSQL ends a process some milliseconds after its client has closed the connection.
_OTHERS_SECONDS = 2.0
_PAUSE_SECONDS = 0.05
_USERS = "users"
_CONSTRAINTS = sa.text(
    "SELECT conrelid::regclass::text AS table_name, conname, contype, pg_get_constraintdef(oid)"
    " AS definition FROM pg_constraint WHERE contype IN ('p', 'u', 'f') AND conparentid = 0"
    " AND connamespace = current_schema()::regnamespace"
)
_INDEXES = sa.text(
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
    " AND tablename = :name"
)
_COMMENT = sa.text("SELECT obj_description(to_regclass(:name), 'pg_class')")
_CITUS = sa.text("SELECT 1 FROM pg_extension WHERE extname = 'citus'")
# Both are for transactions over several nodes: a lock timeout is sent to the other nodes as well,
# and a change of a table with copies is made on one node after the other.
_SETTINGS = {"citus.propagate_set_commands": "local", "citus.multi_shard_modify_mode": "sequential"}
_STORED_SETTINGS = sa.text(
    "SELECT unnest(setconfig) FROM pg_db_role_setting JOIN pg_database ON oid = setdatabase"
    " WHERE setrole = 0 AND datname = current_database()"
)
# Distributed tables and those with copies; Citus also lists local tables that reference these.
_STORED = sa.text(
    "SELECT logicalrelid::text FROM pg_dist_partition WHERE partmethod = 'h' OR repmodel = 't'"
)


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the schema, with a name to show."""

    name: str
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """A primary key, unique constraint or foreign key; ``definition`` is in PostgreSQL's form."""

    table: str
    name: str
    kind: str
    definition: str


def wanted_keys(dialect: sa.Dialect) -> list[Key]:
    """Return the keys of the distributed tables, each with the distribution column.

    Without the foreign keys that Citus can not have: those to rows of another node.
    """
    return [key for table in distributed_tables() for key in _keys(table, dialect)]


def key_steps(connection: sa.Connection) -> list[Step]:
    """Return the steps that give the tables their keys, before they are distributed."""
    stored = {key.name: key for key in stored_keys(connection)}
    wanted = {key.name: key for key in wanted_keys(connection.dialect)}
    tables = {table.name for table in distributed_tables()}
    outdated = [
        key for key in stored.values() if key.table in tables and wanted.get(key.name) != key
    ]
    foreign = [key for key in outdated if key.kind == "f"]
    if has_citus(connection):
        # A table can not be distributed while another one, which is not, has a foreign key to it.
        on_nodes = set(connection.scalars(_STORED))
        references = [key for key in stored.values() if _names_another_user_table(key, on_nodes)]
        foreign += [key for key in references if key not in foreign]
    steps = [
        Step(
            f"{table.name}: {OWNER} is required",
            (f"ALTER TABLE {table} ALTER {OWNER} SET NOT NULL",),
        )
        for table in distributed_tables()
        if OWNER in table.c and _is_nullable(connection, table)
    ]
    steps += [Step(f"{key.table}: {key.name}", (_drop(key),)) for key in foreign]
    steps += [
        Step(f"{key.table}: {key.name}", (_drop(key), _add(wanted[key.name])))
        for key in outdated
        if key.kind != "f"
    ]
    return steps + list(_unique_indexes(connection))


def distribution_steps(connection: sa.Connection) -> list[Step]:
    """Return the steps that distribute the tables, users first."""
    settings = set(connection.scalars(_STORED_SETTINGS))
    database = connection.scalar(sa.text("SELECT quote_ident(current_database())"))
    steps = [
        Step(f"{name} = {value}", (f"ALTER DATABASE {database} SET {name} TO '{value}'",))
        for name, value in _SETTINGS.items()
        if f"{name}={value}" not in settings
    ]
    stored = set(connection.scalars(_STORED))
    steps += [
        Step(f"{table.name}: a copy on each node", (f"SELECT create_reference_table('{table}')",))
        for table in metadata.sorted_tables
        if table.name in REFERENCE_TABLES - stored
    ]
    for table in sorted(distributed_tables(), key=lambda table: table.name != _USERS):
        if table.name not in stored:
            column: Any = distribution_column(table)
            together = _USERS if _is_with_users(table) and table.name != _USERS else "none"
            statement = (
                f"SELECT create_distributed_table('{table}', '{column.name}',"
                f" colocate_with => '{together}')"
            )
            steps.append(Step(f"{table.name}: by {column.name}", (statement,)))
    return steps


def foreign_key_steps(connection: sa.Connection) -> list[Step]:
    """Return the steps that add the foreign keys."""
    stored = {key.name for key in stored_keys(connection)}
    return [
        Step(f"{key.table}: {key.name}", (_add(key),))
        for key in wanted_keys(connection.dialect)
        if key.kind == "f" and key.name not in stored
    ]


def copy_steps(connection: sa.Connection) -> list[Step]:
    """Return the steps that create and fill the copies by seller, or replace outdated ones."""
    steps = []
    for copy in COPIES:
        name = copy.table.name
        created = _created(copy, connection.dialect)
        # A comment says how a table was made, in the transaction that makes it.
        digest = sha256("; ".join(created).encode()).hexdigest()
        if connection.scalar(_COMMENT, {"name": name}) == digest:
            continue
        table, rows, *indexes = created
        spread = f"SELECT create_distributed_table('{name}', '{SELLER}', colocate_with => '{{}}')"
        statements = [f"DROP TABLE IF EXISTS {name}", table]
        if has_citus(connection):
            statements.append(spread.format(seller_order_counts.name))
        statements += [rows, *indexes, f"COMMENT ON TABLE {name} IS '{digest}'"]
        steps.append(Step(f"{name}: copies by {SELLER}", tuple(statements)))
    return steps


def _created(copy: Copy, dialect: sa.Dialect) -> list[str]:
    """Return the statements that create the table, fill it, and create its indexes."""
    columns = ", ".join(f'"{name}"' for name in copy.columns)
    rows = copy.rows.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    fill = f"INSERT INTO {copy.table.name} ({columns}) {rows}"
    indexes = sorted(copy.table.indexes, key=lambda index: str(index.name))
    return [
        str(CreateTable(copy.table).compile(dialect=dialect)),
        f"{fill} ON CONFLICT DO NOTHING" if copy.is_shared else fill,
        *(str(CreateIndex(index).compile(dialect=dialect)) for index in indexes),
    ]


def stored_keys(connection: sa.Connection) -> list[Key]:
    """Return the keys of all tables, as the catalog has them."""
    return [Key(*row) for row in connection.execute(_CONSTRAINTS)]


def has_citus(connection: sa.Connection) -> bool:
    """Return whether the extension is installed in this database."""
    return connection.execute(_CITUS).first() is not None


def obstacles(connection: sa.Connection) -> list[str]:
    """Return what has to be done before, in sentences for an operator."""
    if connection.dialect.name != "postgresql":
        return ["Only a database of PostgreSQL can be distributed."]
    if not has_citus(connection):
        return ["The database has no Citus: run CREATE EXTENSION citus on the coordinator."]
    if "orders" in set(connection.scalars(_STORED)):
        return []
    count = _orders_with_foreign_addresses(connection)
    return [f"{count} orders have the address of another user."] if count else []


def other_connections(connection: sa.Connection) -> int:
    """Return how many other connections of Waybill the database has.

    Those that were closed just now do not count: waits up to two seconds for them.
    """
    until = monotonic() + _OTHERS_SECONDS
    while count := connection.execute(_OTHERS).scalar_one():
        if monotonic() > until:
            break
        sleep(_PAUSE_SECONDS)
    return int(count)


def _orders_with_foreign_addresses(connection: sa.Connection) -> int:
    """Return how many orders have an address of another user, whose rows may be on another node."""
    orders, addresses = metadata.tables["orders"], metadata.tables["addresses"]
    named = sa.or_(
        addresses.c.pk == orders.c.shipping_address_pk,
        addresses.c.pk == orders.c.billing_address_pk,
    )
    is_foreign = sa.exists().where(named, addresses.c[OWNER] != orders.c[OWNER])
    query = sa.select(sa.func.count()).select_from(orders).where(is_foreign)
    count: int = connection.execute(query).scalar_one()
    return count


def _keys(table: sa.Table, dialect: sa.Dialect) -> Iterator[Key]:
    column: Any = distribution_column(table)
    own = str(column.name)
    prepared = dialect.identifier_preparer
    for constraint in table.constraints:
        name = prepared.format_constraint(constraint) or ""
        if isinstance(constraint, sa.PrimaryKeyConstraint):
            definition = f"PRIMARY KEY ({_with(own, constraint.columns.keys())})"
            yield Key(table.name, name, "p", definition)
        elif isinstance(constraint, sa.UniqueConstraint):
            definition = f"UNIQUE ({_with(own, constraint.columns.keys())})"
            yield Key(table.name, name, "u", definition)
        elif isinstance(constraint, sa.ForeignKeyConstraint):
            definition_of_key = _foreign_key(table, own, constraint)
            if definition_of_key is not None:
                yield Key(table.name, name, "f", definition_of_key)


def _foreign_key(table: sa.Table, own: str, constraint: sa.ForeignKeyConstraint) -> str | None:
    [element] = constraint.elements
    target = element.column.table
    names, targets = [element.parent.name], [element.column.name]
    if target.name not in REFERENCE_TABLES:
        if not _is_with_users(table):
            return None
        if names[0] != own:
            target_column: Any = distribution_column(target)
            names.append(own)
            targets.append(target_column.name)
    action = " ON DELETE CASCADE" if constraint.ondelete == "CASCADE" else ""
    return (
        f"FOREIGN KEY ({', '.join(names)}) REFERENCES {target.name}({', '.join(targets)}){action}"
    )


def _is_with_users(table: sa.Table) -> bool:
    """Return whether the rows of ``table`` are stored with their user's."""
    column: Any = distribution_column(table)
    return column is not None and (table.name == _USERS or column.name == OWNER)


def _with(own: str, names: Sequence[str]) -> str:
    return ", ".join(names if own in names else [*names, own])


def _names_another_user_table(key: Key, on_nodes: set[str]) -> bool:
    """Return whether this is a foreign key to a distributed table, of one that is not yet."""
    target = key.definition.partition(" REFERENCES ")[2].partition("(")[0]
    is_distributed = target in {table.name for table in distributed_tables()}
    return key.kind == "f" and is_distributed and key.table not in on_nodes


def _unique_indexes(connection: sa.Connection) -> Iterator[Step]:
    """Yield a step for each unique index, of some rows, without the distribution column."""
    for table in distributed_tables():
        column: Any = distribution_column(table)
        constraints = {
            connection.dialect.identifier_preparer.format_constraint(c) for c in table.constraints
        }
        for name, definition in connection.execute(_INDEXES, {"name": table.name}):
            head, _, tail = definition.partition(" USING btree (")
            names, _, rest = tail.partition(")")
            if not head.startswith("CREATE UNIQUE") or name in constraints:
                continue
            if column.name not in names.split(", "):
                statement = f"{head} USING btree ({names}, {column.name}){rest}"
                yield Step(f"{table.name}: {name}", (f"DROP INDEX {name}", statement))


def _is_nullable(connection: sa.Connection, table: sa.Table) -> bool:
    query = sa.text(
        "SELECT NOT attnotnull FROM pg_attribute WHERE attrelid = CAST(:name AS regclass)"
        " AND attname = :column"
    )
    return bool(connection.execute(query, {"name": table.name, "column": OWNER}).scalar_one())


def _drop(key: Key) -> str:
    return f"ALTER TABLE {key.table} DROP CONSTRAINT {key.name}"


def _add(key: Key) -> str:
    return f"ALTER TABLE {key.table} ADD CONSTRAINT {key.name} {key.definition}"


StepsOf = Callable[[sa.Connection], list[Step]]

PHASES: Sequence[StepsOf] = (key_steps, distribution_steps, foreign_key_steps, copy_steps)


def distribute(engine: sa.Engine, show: Callable[[str], None]) -> None:
    """Run all steps that are not done, each in a transaction; ``show`` gets a line for each.

    Raises SQLAlchemy's errors, also for a table that others use for longer than LOCK_TIMEOUT_MS.
    """
    for phase in PHASES:
        with _begin(engine) as connection:
            steps = phase(connection)
        for number, step in enumerate(steps, 1):
            with _begin(engine) as connection:
                for statement in step.statements:
                    connection.exec_driver_sql(statement)
            show(f"{number}/{len(steps)} {step.name}")


@contextmanager
def _begin(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Begin a transaction that waits for locks with a limit: functions of the catalog wait, too."""
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MS}ms'")
        yield connection
