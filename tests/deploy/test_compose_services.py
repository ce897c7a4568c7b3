"""The configurations that compose.yaml mounts, with Debian's nginx and PgBouncer."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
import yaml
from psycopg import sql

from benchmarks.postgres import Postgres, postgres
from faults.cluster import FOLDER_PREFIX
from faults.debian import ProgramUnavailable, require_program
from tests.deploy.deployed_files import DEPLOY
from tests.support.server import SECRET, free_port, start

COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
# A mount namespace with the files where the container has them; nginx only tests its configuration.
PROXY = """
set -e
mount -t tmpfs tmpfs /run
mkdir /run/secrets /run/nginx
cp "$1"/secrets/tls_* /run/secrets
cp "$1"/nginx/* /run/nginx
printf '127.0.0.1 server-1 server-2\\n' >/run/hosts
mount --bind /run/hosts /etc/hosts
mount -t tmpfs tmpfs /tmp
sh /run/nginx/start-in-container -t 2>&1
cat /tmp/waybill.conf
"""


def program(name: str) -> str:
    """The program of this Debian package; skips the test where there is none."""
    try:
        return require_program(name)
    except ProgramUnavailable as error:
        pytest.skip(f"{error}; a file of deploy/ was not checked")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Copies of deploy/ with secrets, in a folder that other users can enter."""
    with TemporaryDirectory(prefix=FOLDER_PREFIX) as name:
        copy = Path(name)
        copy.chmod(0o755)
        shutil.copytree(DEPLOY / "nginx", copy / "nginx")
        for file in ("make-secrets", "pgbouncer.ini"):
            shutil.copy(DEPLOY / file, copy)
        command = ["/bin/sh", str(copy / "make-secrets"), "smtp://mail.example"]
        subprocess.run(command, check=True)  # noqa: S603 - ours
        yield copy


def test_mounts_files_that_exist() -> None:
    mounted = [
        volume.partition(":")[0]
        for service in COMPOSE["services"].values()
        for volume in service.get("volumes", [])
        if volume.startswith(".")
    ]

    assert mounted == ["./nginx", "./pgbouncer.ini"]
    assert all((DEPLOY / path).exists() for path in mounted)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount")
def test_nginx_accepts_its_configuration_in_the_container(folder: Path) -> None:
    program("nginx")
    done = subprocess.run(  # noqa: S603 - ours
        [shutil.which("unshare") or "unshare", "--mount", "/bin/sh", "-c", PROXY, "sh", folder],
        env={"PATH": os.environ["PATH"], "WAYBILL_PUBLIC_URL": "https://orders.example:443/shop"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "test is successful" in done.stdout
    assert done.stdout.count("server_name orders.example;") == 2
    assert "server server-1:8000 max_fails=0;" in done.stdout
    assert "server server-2:8000 max_fails=0;" in done.stdout
    assert not {"127.0.0.1:80", "shop.example", "/etc/ssl", "/var/log"} & set(done.stdout.split())


class TestPgBouncer:
    @pytest.fixture
    def database(self, folder: Path) -> Iterator[Postgres]:
        """The database of compose.yaml, with the password of make-secrets."""
        with postgres(folder) as server:
            server.create("waybill")
            password = (folder / "secrets/database_password").read_text().strip()
            with psycopg.connect(server.url("waybill"), autocommit=True) as connection:
                connection.execute(
                    sql.SQL("CREATE ROLE waybill LOGIN PASSWORD {}").format(password)
                )
                connection.execute("ALTER SCHEMA public OWNER TO waybill")
                rules = server.folder / "pg_hba.conf"
                rules.write_text(f"local all waybill scram-sha-256\n{rules.read_text()}")
                connection.execute("SELECT pg_reload_conf()")
            yield server

    def test_connects_servers_with_the_secrets(self, folder: Path, database: Postgres) -> None:
        urls = {
            "migration_url": {"@database:5432/waybill": f"@/waybill?host={database.socket_folder}"}
        }
        with running_pgbouncer(folder, database) as port:
            urls["database_url"] = {"@pgbouncer:6432": f"@127.0.0.1:{port}"}
            for name, changes in urls.items():
                rewrite(folder / "secrets" / name, changes)

            migrated = run(folder, "migrate", "migration_url", pooler="none")
            delivered = run(folder, "worker", "database_url", "--once", pooler="transaction")

        assert migrated.returncode == 0, migrated.stdout
        assert delivered.returncode == 0, delivered.stdout
        assert "0 delivered, 0 failed." in delivered.stdout


def run(
    folder: Path, command: str, url: str, *arguments: str, pooler: str
) -> subprocess.CompletedProcess[str]:
    """Run a command with the database's URL in a file."""
    process = start(
        folder,
        subprocess.PIPE,
        *arguments,
        command=command,
        WAYBILL_DATABASE_URL_FILE=str(folder / "secrets" / url),
        WAYBILL_DATABASE_POOLER=pooler,
        **SECRET,
    )
    output, _ = process.communicate(timeout=120)
    return subprocess.CompletedProcess(command, process.returncode, output)


@contextmanager
def running_pgbouncer(folder: Path, database: Postgres) -> Iterator[int]:
    """Run PgBouncer with deploy/pgbouncer.ini; yield its port."""
    port = free_port()
    configuration = folder / "pgbouncer.ini"
    owner = Path(database.socket_folder).owner()
    changes = {
        "host=database port=5432": f"host={database.socket_folder}",
        "listen_addr = 0.0.0.0": "listen_addr = 127.0.0.1",
        "listen_port = 6432": f"listen_port = {port}",
        "/run/secrets/pooler_users": f"{folder}/secrets/pooler_users",
        # PgBouncer does not run as root, which the container has no need for.
        "[pgbouncer]\n": "[pgbouncer]\n" + (f"user = {owner}\n" if os.getuid() == 0 else ""),
    }
    rewrite(configuration, changes)
    (folder / "secrets").chmod(0o755)
    output = folder / "pgbouncer.txt"
    with output.open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - Debian's
            [program("pgbouncer"), str(configuration)], stdout=log, stderr=log
        )
    try:
        for _ in range(600):
            assert process.poll() is None, output.read_text()
            if "process up" in output.read_text():
                break
            time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait()


def rewrite(file: Path, changes: Mapping[str, str]) -> None:
    """Replace texts that a file has."""
    text = file.read_text()
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    file.chmod(0o644)
    file.write_text(text)
