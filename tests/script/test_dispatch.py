"""`script/test` runs the whole gate, a part of it, or the tests of named files."""

import shutil
import subprocess
from pathlib import Path

import pytest

TEST = Path(__file__).parents[2] / "script/test"
# Replacements of the programs that it starts: they record their arguments.
RECORD = """#!/bin/sh
echo "$(basename "$0") $*" >>calls
env | grep ^WAYBILL_TEST_ | sort >>calls
"""
STARTED = ("script/setup", "script/venv", ".venv/bin/python", ".tox/runner/bin/tox")
RUNNER = "venv .tox/runner requirements/tox.txt"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in STARTED:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(RECORD)
        file.chmod(0o755)
    shutil.copy(TEST, tmp_path / "script/test")
    return tmp_path


def calls(checkout: Path, *arguments: str) -> list[str]:
    subprocess.run(  # noqa: S603 - our own
        [checkout / "script/test", *arguments], check=True, env={"PATH": "/usr/bin:/bin"}
    )
    return (checkout / "calls").read_text().splitlines()


def test_runs_everything_two_environments_at_a_time(checkout: Path) -> None:
    assert calls(checkout) == [RUNNER, "tox run-parallel --parallel 2 --parallel-no-spinner"]


@pytest.mark.parametrize(
    ("arguments", "run"),
    [
        (["-e", "sqlite", "--", "-k", "guests"], "run -e sqlite -- -k guests"),
        (["--quiet", "-e", "lint"], "run --quiet -e lint"),
    ],
)
def test_passes_options_to_tox(checkout: Path, arguments: list[str], run: str) -> None:
    assert calls(checkout, *arguments) == [RUNNER, f"tox {run}"]


@pytest.mark.parametrize(
    ("arguments", "run"),
    [
        ([], "run-parallel --parallel 2 --parallel-no-spinner"),
        (["-e", "contract"], "run -e contract"),
    ],
)
def test_runs_with_larger_amounts(checkout: Path, arguments: list[str], run: str) -> None:
    amounts = [
        "WAYBILL_TEST_EVERY_FILTER=yes",
        "WAYBILL_TEST_EXAMPLES=300",
        "WAYBILL_TEST_HISTORIES=200",
        "WAYBILL_TEST_RACE_SECONDS=15",
    ]

    assert calls(checkout, "--deep", *arguments) == [RUNNER, *amounts, f"tox {run}", *amounts]


def test_runs_the_tests_of_the_named_files(checkout: Path) -> None:
    assert calls(checkout, "domain", "-k", "money") == [
        "setup ",
        "python -m script.related domain -k money",
    ]
