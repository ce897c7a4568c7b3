"""Alembic runs this file: the migrations, on the connection of ``upgrade`` or as SQL."""

from alembic import context

from persistence.sql.columns import metadata

if context.is_offline_mode():
    context.configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},
        literal_binds=True,
        target_metadata=metadata,
    )
else:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        # SQLite alters a table by copying it.
        render_as_batch=True,
    )
with context.begin_transaction():
    context.run_migrations()
