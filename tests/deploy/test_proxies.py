"""The files of deploy/ for proxies, checked by the proxies themselves."""

import subprocess
from pathlib import Path

import pytest

from faults import nginx
from faults.debian import ProgramUnavailable, require_program
from tests.support.server import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"


def program(name: str) -> str:
    """The program of this Debian package; skips the test where there is none."""
    try:
        return require_program(name)
    except ProgramUnavailable as error:
        pytest.skip(f"{error}; a file of deploy/ was not checked")


def run(*arguments: str | Path) -> str:
    """The output of a program that succeeds."""
    result = subprocess.run(  # noqa: S603 - tools of Debian
        arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def test_nginx_accepts_its_file(tmp_path: Path) -> None:
    path = program("nginx")
    program("openssl")
    configuration = nginx.rendered(tmp_path, free_port(), (8001, 8002), {})

    main = nginx.write_configuration(tmp_path, configuration)

    assert "[warn]" not in run(path, "-t", "-c", main, "-e", tmp_path / "error.log")


def test_a_change_of_the_file_that_the_checks_miss_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"waybill\.conf does not have 'max_fails=1'"):
        nginx.rendered(tmp_path, 1, (2, 3), {"max_fails=1": ""})


def test_caddy_accepts_its_file(tmp_path: Path) -> None:
    path = program("caddy")

    output = run(path, "validate", "--config", DEPLOY / "Caddyfile", "--adapter", "caddyfile")

    assert "Valid configuration" in output
    assert "not formatted" not in output


@pytest.mark.parametrize(
    "name", ["check", "check-units", "make-secrets", "nginx/start-in-container", "rolling"]
)
def test_shellcheck_accepts_the_script(name: str) -> None:
    run(program("shellcheck"), DEPLOY / name)
