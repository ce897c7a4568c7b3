"""Waybill's own commands and server, as an operator runs them."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECRET = "benchmarks sign nothing of worth"  # noqa: S105 - no secret
# Waybill runs in an environment of its own, which has what it pins and nothing that peers bring
# (granian would take their event loop). script/bench makes it.
PYTHON = str(ROOT / "var" / "bench" / "waybill" / "bin" / "python")
COMMAND = [PYTHON, "-c", "from handlers.cli.main import cli; cli()"]


def environ(database_url: str, **settings: str) -> dict[str, str]:
    """The environment of Waybill's processes; ``settings`` go by the names of the README."""
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "WAYBILL_DATABASE_URL": database_url,
        "WAYBILL_SECRET": SECRET,
        "WAYBILL_LOG_LEVEL": "WARNING",
        **settings,
    }


def run(database_url: str, *arguments: str) -> str:
    """Run one command and return what it prints; raises CalledProcessError."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=environ(database_url),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout
