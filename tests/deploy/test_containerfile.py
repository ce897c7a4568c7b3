"""The image: pinned packages, nothing that runs as root, and only files that exist."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.deploy.deployed_files import DEPLOY, ROOT, Instruction, instructions, unknown_settings
from tests.deploy.installation import SOURCES

FILE = DEPLOY / "Containerfile"
ARGUMENTS, BUILD, IMAGE = instructions(FILE)


def texts(stage: Sequence[Instruction], name: str) -> list[str]:
    return [text for instruction, text in stage if instruction == name]


def copied(stage: Sequence[Instruction]) -> list[str]:
    """What a stage copies from the checkout."""
    copies = [text.split() for text in texts(stage, "COPY")]
    return [path for *paths, _ in copies if not paths[0].startswith("--from") for path in paths]


def test_is_accepted_by_hadolint() -> None:
    program = shutil.which("hadolint", path=Path(sys.executable).parent)
    if program is None:
        pytest.skip("hadolint is not installed: requirements/deploy.txt")
    done = subprocess.run([program, FILE], capture_output=True, text=True, check=False)  # noqa: S603

    assert (done.returncode, done.stdout) == (0, "")


class TestPackages:
    def test_are_pinned_by_hash(self) -> None:
        commands = [
            command
            for text in texts(BUILD, "RUN")
            for command in text.split("&&")
            if "/pip" in command
        ]

        assert len(commands) == 5
        for command in commands:
            offline = "--no-index" in command or "--no-build-isolation" in command
            assert "--require-hashes" in command or offline, command

    def test_are_those_that_serve(self) -> None:
        [files] = [text for text in copied(BUILD) if "main.txt" in text]

        assert files == "requirements/main.txt"
        # What settings of production need: Redis, and an exporter of traces.
        assert {"requirements/redis.txt", "requirements/opentelemetry.txt"} <= {*copied(BUILD)}
        assert not any(name in text for text in copied(BUILD) for name in ("demo", "test.txt"))

    def test_come_without_pip_or_compilers(self) -> None:
        assert not any("pip" in text or "apt" in text for text in texts(IMAGE, "RUN"))


class TestFiles:
    def test_are_all_that_the_wheel_is_built_from(self) -> None:
        folders = {path.split("/", 1)[0] for path in copied(BUILD)}

        assert {path.split("/", 1)[0] for path in SOURCES} <= folders

    @pytest.mark.parametrize("path", [*copied(BUILD), *copied(IMAGE)])
    def test_exist_and_reach_the_build(self, path: str) -> None:
        rules = (ROOT / ".dockerignore").read_text().splitlines()
        allowed = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]

        assert (ROOT / path).exists()
        assert any(
            path == rule or path.startswith(f"{rule}/") or rule.startswith(f"{path}/")
            for rule in allowed
        )
        assert not any(fnmatch(path, rule.removeprefix("**/")) for rule in rules if "/" in rule)


class TestImage:
    def test_is_based_on_one_image(self) -> None:
        assert texts(ARGUMENTS, "ARG") == [
            "PYTHON_IMAGE=docker.io/library/python:3.13-slim-bookworm"
        ]
        assert texts(BUILD, "FROM") == ["${PYTHON_IMAGE} AS build"]
        assert texts(IMAGE, "FROM") == ["${PYTHON_IMAGE}"]

    def test_runs_as_a_user_without_privileges(self) -> None:
        assert texts(IMAGE, "USER") == ["10001:10001"]
        assert [name for name, _ in IMAGE].index("USER") > [name for name, _ in IMAGE].index("RUN")

    def test_stops_by_sigterm_and_starts_a_server(self) -> None:
        assert texts(IMAGE, "STOPSIGNAL") == ["SIGTERM"]
        assert texts(IMAGE, "ENTRYPOINT") == ['["waybill"]']
        assert texts(IMAGE, "CMD") == ['["serve"]']

    def test_has_a_health_check(self) -> None:
        [check] = texts(IMAGE, "HEALTHCHECK")

        assert check.endswith('CMD ["python", "/opt/waybill/healthcheck.py"]')

    def test_has_settings_that_exist(self) -> None:
        assert unknown_settings(FILE) == set()
