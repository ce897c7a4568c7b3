"""README, the quickstart and the guide that continues it are run with the demo shop."""

import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.support.page_commands import commands_of, error_codes_in, make_virtual_environment
from tests.support.processes import wait_until
from tests.support.server import free_port, start

# In the order of a reader, in one terminal.
PAGES = ("README.md", "docs/quickstart.md", "docs/guides/sellers.md")
ADDRESS = "http://127.0.0.1:8000"
# The test starts the server itself, and runs within the tests.
_LEFT_OUT = ("script/serve", "script/test")


def readers_script(port: int) -> str:
    lines = "\n".join(map(commands_of, PAGES)).replace(ADDRESS, f"http://127.0.0.1:{port}")
    return "\n".join(line for line in lines.splitlines() if not line.startswith(_LEFT_OUT))


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").is_success
    except httpx.TransportError:
        return False


def test_all_commands_succeed(tmp_path: Path) -> None:
    make_virtual_environment(tmp_path, sys.executable)
    port = free_port()
    with (tmp_path / "output.txt").open("w") as output:
        server = start(tmp_path, output, "--demo", "--port", str(port))
    wait_until(lambda: is_ready(port))

    done = subprocess.run(  # noqa: S603 - ours
        ["/bin/sh", "-euc", readers_script(port)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    server.terminate()
    server.wait(30)

    assert (done.returncode, done.stderr) == (0, "")
    assert error_codes_in(done.stdout) == ["unknown_parameter"]
    assert "completed" in done.stdout
    assert ".eml" in done.stdout
