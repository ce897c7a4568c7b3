"""`script/setup` makes one `.venv`, for development or only for `script/serve`."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[2] / "script/setup"
# Replaces script/venv and records its arguments. A new .venv is empty.
VENV = """#!/bin/sh
echo "$@" >>calls
[ ! -e pins-changed ] || rm -rf .venv pins-changed
mkdir -p .venv/bin
touch .venv/bin/waybill
"""
MAIN, TEST = "requirements/main.txt", "requirements/test.txt"
LINT, BUILD = "requirements/lint.txt", "requirements/build.txt"
DEVELOPING = f".venv {TEST} {LINT} {BUILD}"
SERVING = f".venv {MAIN} {BUILD}"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "script").mkdir()
    shutil.copy(SETUP, tmp_path / "script/setup")
    venv = tmp_path / "script/venv"
    venv.write_text(VENV)
    venv.chmod(0o755)
    setup_cfg = tmp_path / "setup.cfg"
    setup_cfg.touch()
    os.utime(setup_cfg, (0, 0))
    return tmp_path


def set_up(checkout: Path, *arguments: str) -> str:
    """Run the script; return the last arguments of script/venv."""
    subprocess.run([checkout / "script/setup", *arguments], check=True)  # noqa: S603 - our own
    return (checkout / "calls").read_text().splitlines()[-1]


def test_installs_everything_for_development(checkout: Path) -> None:
    assert set_up(checkout) == DEVELOPING


def test_installs_only_the_server_s_packages_for_a_server(checkout: Path) -> None:
    assert set_up(checkout, "--serve") == SERVING
    assert set_up(checkout, "--serve", "extra.txt") == f".venv {MAIN} extra.txt {BUILD}"


def test_a_server_uses_an_environment_for_development(checkout: Path) -> None:
    set_up(checkout)

    assert set_up(checkout, "--serve", "extra.txt") == DEVELOPING


def test_a_server_does_not_replace_it_when_pins_change(checkout: Path) -> None:
    set_up(checkout)
    (checkout / "pins-changed").touch()

    assert set_up(checkout, "--serve") == DEVELOPING
    assert set_up(checkout, "--serve") == DEVELOPING


def test_development_replaces_an_environment_for_serving(checkout: Path) -> None:
    set_up(checkout, "--serve")

    assert set_up(checkout) == DEVELOPING
    assert set_up(checkout, "--serve") == DEVELOPING


def test_refuses_other_arguments(checkout: Path) -> None:
    command = [str(checkout / "script/setup"), "domain"]

    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603

    assert (done.returncode, done.stderr) == (2, "Usage: script/setup\n")
    assert not (checkout / "calls").exists()
