"""Debian's nginx with the configuration of deploy/, in front of servers on this machine."""

import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from faults.cluster import FOLDER_PREFIX
from faults.debian import ProgramUnavailable, require_program
from faults.renderings import replace_all
from tests.support.server import free_port

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "nginx" / "waybill.conf"
# What a package of nginx has around the published file; nothing here concerns failures.
_MAIN = """
worker_processes 2;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/responses;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/waybill.conf;
}}
"""
_READY_SECONDS = 15


@dataclass(frozen=True)
class Proxy:
    """A running proxy; ``context`` is for clients that trust its certificate."""

    port: int
    context: ssl.SSLContext
    log: Path


def rendered(folder: Path, port: int, servers: Sequence[int], changes: Mapping[str, str]) -> str:
    """The published configuration, for HTTPS on ``port`` and servers on two ports.

    ``changes`` replace more of it. Raises ValueError for a text that it does not have.
    """
    first, second = servers
    replaced = {
        "127.0.0.1:8001": f"127.0.0.1:{first}",
        "127.0.0.1:8002": f"127.0.0.1:{second}",
        "    listen 80;\n    listen [::]:80;\n": f"    listen 127.0.0.1:{free_port()};\n",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "    listen [::]:443 ssl http2;\n": "",
        "/etc/ssl/shop.example.pem": f"{folder}/certificate.pem",
        "/etc/ssl/shop.example.key": f"{folder}/key.pem",
        "/var/log/nginx/waybill.log": f"{folder}/access.log",
        "shop.example": "localhost",
        **changes,
    }
    return replace_all(CONFIGURATION, replaced)


def write_configuration(folder: Path, configuration: str) -> Path:
    """Write the rendered file, a certificate for it, and nginx's main file; return the latter."""
    (folder / "waybill.conf").write_text(configuration)
    _make_certificate(folder)
    main = folder / "nginx.conf"
    main.write_text(_MAIN.format(folder=folder))
    return main


@contextmanager
def running_nginx(servers: Sequence[int], changes: Mapping[str, str]) -> Iterator[Proxy]:
    """Start nginx in front of servers on two ports; it ends with the block.

    Raises ProgramUnavailable where there is no nginx or openssl, and they can not be installed.
    """
    program = require_program("nginx")
    with TemporaryDirectory(prefix=FOLDER_PREFIX) as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)  # nginx's workers are not root
        main = write_configuration(folder, rendered(folder, port, servers, changes))
        process = subprocess.Popen(
            [program, "-c", str(main), "-e", f"{folder}/error.log"], stderr=subprocess.DEVNULL
        )
        try:
            _wait(process, folder)
            context = ssl.create_default_context(cafile=folder / "certificate.pem")
            yield Proxy(port, context, folder / "error.log")
        finally:
            process.terminate()
            process.wait()


def _make_certificate(folder: Path) -> None:
    openssl = require_program("openssl")
    options = (
        "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
        " -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
        f" -keyout {folder}/key.pem -out {folder}/certificate.pem"
    )
    subprocess.run(
        [openssl, "req", *options.split()],
        check=True,
        capture_output=True,
    )


def _wait(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    until = time.monotonic() + _READY_SECONDS
    while not (folder / "nginx.pid").exists():
        if process.poll() is not None or time.monotonic() > until:
            log = folder / "error.log"
            reason = log.read_text()[-500:] if log.exists() else ""
            raise ProgramUnavailable(f"nginx does not start: {reason}")
        time.sleep(0.05)
