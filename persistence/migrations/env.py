"""What Alembic runs: the steps, on the connection that ``upgrade`` gives."""

from alembic import context

from persistence.sql.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters a table by copying it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
