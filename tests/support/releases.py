"""A next release in this process: the migrations of this one and some more."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from persistence.migrations import compatibility, steps
from persistence.migrations.steps import all_steps

_STEP = '''"""{title}"""

import sqlalchemy as sa
from alembic import op

from persistence.migrations.indexes import create_index_concurrently

revision = "{revision}"
down_revision = "{previous}"
branch_labels = None
depends_on = None
compatible_from = "{compatible_from}"
{declared}

def upgrade() -> None:
    {upgrade}
'''

EXPANDING = "\n    ".join(
    (
        'op.create_table("wishes", sa.Column("pk", sa.Integer(), primary_key=True))',
        'op.add_column("orders", sa.Column("wish", sa.Text()))',
        'flag = sa.Column("is_regular", sa.Boolean(), nullable=False, server_default=sa.false())',
        'op.add_column("users", flag)',
    )
)
CONTRACTING = 'op.drop_column("orders", "gift_box_note")'
CONCURRENT = 'create_index_concurrently("ix_orders_wish", "orders", ["bin_number"])'
FAILING = 'op.execute("SELECT * FROM no_such_table")'


def add_step(
    versions: Path,
    upgrade: str,
    *,
    compatible_from: str | None = None,
    is_contracting: bool = False,
    is_concurrent: bool = False,
) -> str:
    """Write a migration after the newest in the folder ``versions``; return its revision.

    It works with the code that the newest works with, unless ``compatible_from`` is given or it is
    contracting: then with its own code only.
    """
    newest = max(path.stem.partition("_")[0] for path in versions.glob("[0-9]*.py"))
    revision = f"{int(newest) + 1:04}"
    step = _STEP.format(
        title="A change of the next release.",
        revision=revision,
        previous=newest,
        compatible_from=revision if is_contracting else compatible_from or oldest_code(),
        declared="is_concurrent = True\n" if is_concurrent else "",
        upgrade=upgrade,
    )
    (versions / f"{revision}_next.py").write_text(step)
    return revision


def oldest_code() -> str | None:
    """The oldest revision whose code works with the tables of this release."""
    return all_steps()[-1].compatible_from


class NextRelease:
    """The next release: ``code`` makes this process have its migrations."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "migrations"
        self._monkeypatch = monkeypatch
        shutil.copytree(
            compatibility.FOLDER, self.folder, ignore=shutil.ignore_patterns("__pycache__")
        )

    def add_step(self, upgrade: str, **options: Any) -> str:
        """Add a migration, as ``add_step`` does; return its revision."""
        return add_step(self.folder / "versions", upgrade, **options)

    @contextmanager
    def code(self) -> Iterator[None]:
        """Within the block, this process runs the next release."""
        try:
            with self._monkeypatch.context() as patched:
                for module in (compatibility, steps):
                    patched.setattr(module, "FOLDER", self.folder)
                # After the change: a thread of another test may ask for the head at any time.
                compatibility.head.cache_clear()
                yield
        finally:
            compatibility.head.cache_clear()


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NextRelease:
    return NextRelease(tmp_path, monkeypatch)
