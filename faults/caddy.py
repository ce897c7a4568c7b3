"""Debian's Caddy with the configuration of deploy/, in front of servers on this machine."""

import os
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from faults.cluster import FOLDER_PREFIX
from faults.debian import ProgramUnavailable, require_program
from faults.nginx import Proxy
from faults.renderings import replace_all
from tests.support.server import free_port

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "Caddyfile"
_READY_SECONDS = 30
# A certificate of its own authority, and nothing on other ports.
_LOCAL = """{
	admin off
	local_certs
	skip_install_trust
	auto_https disable_redirects
	servers {"""


def rendered(port: int, servers: Sequence[int], changes: Mapping[str, str]) -> str:
    """The published configuration, for HTTPS on ``port`` and servers on two ports.

    ``changes`` replace more of it. Raises ValueError for a text that it does not have.
    """
    first, second = servers
    replaced = {
        "{\n\tservers {": _LOCAL,
        "\nshop.example {": f"\nhttps://127.0.0.1:{port} {{",
        "127.0.0.1:8001": f"127.0.0.1:{first}",
        "127.0.0.1:8002": f"127.0.0.1:{second}",
        **changes,
    }
    return replace_all(CONFIGURATION, replaced)


@contextmanager
def running_caddy(servers: Sequence[int], changes: Mapping[str, str]) -> Iterator[Proxy]:
    """Start Caddy in front of servers on two ports; it ends with the block.

    Raises ProgramUnavailable where there is none and it can not be installed.
    """
    program = require_program("caddy")
    with TemporaryDirectory(prefix=FOLDER_PREFIX) as name:
        folder, port = Path(name), free_port()
        file = folder / "Caddyfile"
        file.write_text(rendered(port, servers, changes))
        arguments = [program, "run", "--config", str(file), "--adapter", "caddyfile"]
        env = os.environ | {"HOME": name, "XDG_DATA_HOME": name, "XDG_CONFIG_HOME": name}
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(arguments, env=env, stdout=log, stderr=log)
        try:
            yield Proxy(port, _context(process, folder), folder / "log")
        finally:
            process.terminate()
            process.wait()


def _context(process: "subprocess.Popen[bytes]", folder: Path) -> ssl.SSLContext:
    """Wait for the authority's certificate, and trust it."""
    root = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    site = folder / "caddy" / "certificates" / "local" / "127.0.0.1" / "127.0.0.1.crt"
    until = time.monotonic() + _READY_SECONDS
    while not site.exists():
        if process.poll() is not None or time.monotonic() > until:
            output = (folder / "log").read_text()
            raise ProgramUnavailable(f"Caddy does not start: {output[-500:]}")
        time.sleep(0.05)
    return ssl.create_default_context(cafile=root)
