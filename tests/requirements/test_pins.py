"""Each file of pins can be installed by the pip that the oldest supported Python bundles.

These tests download packages: they have an environment of tox for themselves, `pins`.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINNED = sorted((ROOT / "requirements").glob("*.txt"))
CLASSIFIER = re.compile(r"^Programming Language :: Python :: (3\.\d+)$", re.MULTILINE)


def supported_versions() -> list[str]:
    """The Python versions of setup.cfg, the oldest first."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    versions = CLASSIFIER.findall(config["metadata"]["classifiers"])
    return sorted(versions, key=lambda version: int(version.partition(".")[2]))


def runs(python: str) -> bool:
    """Whether the Python runs; a name on PATH may belong to one that is not installed."""
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0  # noqa: S603


def oldest_python() -> str:
    pythons = [shutil.which(f"python{version}") for version in supported_versions()]
    return next((python for python in pythons if python and runs(python)), sys.executable)


@pytest.fixture(scope="session")
def bundled_pip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The pip of a new virtual environment without other packages."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([oldest_python(), "-m", "venv", str(folder)], check=True)  # noqa: S603
    yield folder / "bin/pip"
    shutil.rmtree(folder)


@pytest.mark.parametrize("pinned", PINNED, ids=lambda path: path.stem)
def test_installs_with_the_pip_of_the_oldest_python(bundled_pip: Path, pinned: Path) -> None:
    options = ["--quiet", "--disable-pip-version-check", "--dry-run", "--require-hashes"]
    command = [str(bundled_pip), "install", *options, "--requirement", str(pinned)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603

    assert done.returncode == 0, done.stderr


def test_the_oldest_python_is_the_one_that_is_required() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")

    assert config["options"]["python_requires"] == f">={supported_versions()[0]}"
