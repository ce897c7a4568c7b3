"""The migrations in their order, as Alembic reads them, with what each declares."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from persistence.migrations.compatibility import FOLDER, SchemaState

FIRST_DECLARED = "0014"
"""From this revision on, migrations declare with which code their tables work."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration.

    ``compatible_from`` is the oldest revision whose code works with the tables after it; None
    before ``FIRST_DECLARED``. ``is_expanding``: code that worked with the tables before it works
    with those after it. ``is_concurrent``: on PostgreSQL it runs outside of a transaction, and can
    be repeated.
    """

    revision: str
    previous: str | None
    title: str
    compatible_from: str | None
    is_expanding: bool
    is_concurrent: bool


class _Output:
    """Collects what Alembic writes in its offline mode, one statement a call."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def write(self, text: str) -> None:
        statement = text.strip().rstrip(";")
        if statement and not statement.startswith("--"):
            self.statements.append(statement)

    def flush(self) -> None:
        """Alembic calls it after each statement."""


def configuration() -> Config:
    """Return Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def all_steps() -> Sequence[Step]:
    """Return all migrations, the oldest first."""
    scripts = list(ScriptDirectory.from_config(configuration()).walk_revisions())
    steps: list[Step] = []
    for script in reversed(scripts):
        module: Any = script.module
        compatible_from: str | None = getattr(module, "compatible_from", None)
        earlier = steps[-1].compatible_from if steps else None
        steps.append(
            Step(
                revision=script.revision,
                previous=steps[-1].revision if steps else None,
                title=script.doc.partition("\n")[0],
                compatible_from=compatible_from,
                is_expanding=compatible_from is not None and compatible_from == earlier,
                is_concurrent=getattr(module, "is_concurrent", False),
            )
        )
    return steps


def missing_steps(state: SchemaState) -> Sequence[Step]:
    """Return the migrations that tables in this state lack, the oldest first."""
    return [step for step in all_steps() if step.revision > (state.revision or "")]


def statements_of(step: Step) -> Sequence[str]:
    """Return the statements of a migration on PostgreSQL, without a database.

    Statements that depend on stored rows are left out.
    """
    output = _Output()
    config = configuration()
    config.output_buffer = output  # type: ignore[assignment]
    command.upgrade(config, f"{step.previous or 'base'}:{step.revision}", sql=True)
    bookkeeping = ("BEGIN", "COMMIT", "CREATE TABLE alembic_version")
    return [
        statement
        for statement in output.statements
        if not statement.startswith(bookkeeping) and " alembic_version " not in statement
    ]
