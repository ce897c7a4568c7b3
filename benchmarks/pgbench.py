"""The database alone: pgbench with the two statements of the baseline."""

import shutil
import subprocess
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from benchmarks.load import Load
from benchmarks.loader import percentile
from benchmarks.workloads import Workload

PGBENCH = shutil.which("pgbench")

_SCRIPT = """
SELECT user_id FROM sessions JOIN users ON users.id = sessions.user_id
WHERE id_hash = '\\x{hashed}' AND is_active AND expires_date > now();
SELECT body FROM pages WHERE owner = {owner} AND path = '{path}';
"""
_SELLER_SCRIPT = """
SELECT seller_id FROM seller_tokens
WHERE token_hash = '\\x{hashed}' AND revoked_date IS NULL AND expires_date > now();
SELECT body FROM pages WHERE owner = {owner} AND path = '{path}';
"""


def generate_database_load(
    url: str, workload: Workload, owner: int, seconds: float, connections: int, folder: Path
) -> Load:
    """Run the statements that the baseline runs for the workload, without a server."""
    assert PGBENCH  # noqa: S101 - callers look first
    credential = workload.headers.get("Authorization") or workload.headers["Cookie"]
    hashed = sha256(credential.removeprefix("Bearer ").removeprefix("sessionid=").encode())
    script = _SELLER_SCRIPT if owner < 0 else _SCRIPT
    file = folder / "pgbench.sql"
    file.write_text(script.format(hashed=hashed.hexdigest(), owner=owner, path=workload.path))
    for old in folder.glob("pgbench_log*"):
        old.unlink()
    subprocess.run(
        [
            PGBENCH,
            *("--no-vacuum", "--protocol", "prepared", "--log", "--jobs", "1"),
            *("--client", str(connections), "--time", str(max(1, round(seconds)))),
            *("--file", str(file), url),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    lines = (line for log in folder.glob("pgbench_log*") for line in log.read_text().splitlines())
    return parse_log(lines, seconds)


def parse_log(lines: Iterable[str], seconds: float) -> Load:
    """Parse pgbench's log: the third word of a line is the transaction's time in microseconds."""
    ordered = sorted(int(line.split()[2]) / 1e3 for line in lines)
    return Load(
        requests=len(ordered),
        seconds=max(1, round(seconds)),
        errors=0,
        bytes=0,
        p50=percentile(ordered, 50),
        p99=percentile(ordered, 99),
    )
