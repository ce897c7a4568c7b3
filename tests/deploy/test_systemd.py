"""The systemd units: valid, and all with the same restrictions."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.deployed_files import DEPLOY, unknown_settings

FOLDER = DEPLOY / "systemd"
UNITS = sorted(path.name for path in FOLDER.iterdir())
SERVICES = [name for name in UNITS if name.endswith(".service")]
# Of `systemd-analyze security`: 0 is closed, 10 open. A server has to use the network.
MOST_EXPOSED = 1.5


def hardening(name: str) -> list[str]:
    """The lines of a service that restrict it."""
    text = (FOLDER / name).read_text()
    lines = text[text.index("DynamicUser=") :].partition("[Install]")[0].splitlines()
    return [line for line in lines if line]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The units, with a program that exists."""
    for name in UNITS:
        text = (FOLDER / name).read_text().replace("/opt/waybill/bin/waybill", sys.executable)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def analyze() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed: install the package systemd")
    return program


@pytest.mark.parametrize("name", UNITS)
def test_is_accepted_by_systemd(analyze: str, folder: Path, name: str) -> None:
    unit = (folder / name).rename(folder / name.replace("@.", "@8001."))
    done = subprocess.run(  # noqa: S603 - systemd's
        [analyze, "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_is_not_exposed(analyze: str, folder: Path, name: str) -> None:
    threshold = f"--threshold={MOST_EXPOSED * 10:.0f}"
    done = subprocess.run(  # noqa: S603 - systemd's
        [analyze, "security", "--offline=yes", "--no-pager", threshold, folder / name],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_all_are_hardened_alike(name: str) -> None:
    only_servers = {"# 5,000 connections for each worker.", "LimitNOFILE=65536"}

    server = [line for line in hardening("waybill@.service") if line not in only_servers]
    assert [line for line in hardening(name) if line not in only_servers] == server


@pytest.mark.parametrize("name", UNITS)
def test_has_settings_that_exist(name: str) -> None:
    assert unknown_settings(FOLDER / name) == set()


@pytest.mark.parametrize("name", SERVICES)
def test_reads_secrets_from_credentials(name: str) -> None:
    text = (FOLDER / name).read_text()

    assert set(re.findall(r"_FILE=%d/(\w+)", text)) == set(
        re.findall(r"^LoadCredential=(\w+):", text, re.MULTILINE)
    )
    assert not re.search(
        r"^Environment=.*WAYBILL_(SECRET|DATABASE_URL|SMTP_URL)=", text, re.MULTILINE
    )
