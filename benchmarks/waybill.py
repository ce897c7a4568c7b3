"""Waybill's own commands and server, as an operator runs them."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECRET = "benchmarks sign nothing of value"  # noqa: S105 - no secret
# Waybill runs in an environment with its pinned packages only, since granian would use the event
# loop of the peers' packages. script/bench creates it.
PYTHON = str(ROOT / "var" / "bench" / "waybill" / "bin" / "python")
COMMAND = [PYTHON, "-c", "from handlers.cli.main import cli; cli()"]


def environ(database_url: str, **settings: str) -> dict[str, str]:
    """The environment variables of Waybill's processes; ``settings`` by their documented names."""
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "WAYBILL_DATABASE_URL": database_url,
        "WAYBILL_SECRET": SECRET,
        "WAYBILL_LOG_LEVEL": "WARNING",
        "WAYBILL_DRAIN_SECONDS": "0",
        **settings,
    }


def run(database_url: str, *arguments: str) -> str:
    """Run a command and return its output; raises CalledProcessError."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=environ(database_url),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout
