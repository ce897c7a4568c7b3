"""Two servers behind a proxy, restarted one at a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults import debian, rolling_restart
from faults.debian import ProgramUnavailable, require_program
from faults.environment import Environment
from faults.rolling_restart import DEFAULTS, QUICK_VARIANTS, Variant
from faults.scale import QUICK
from tests.conftest import KIND, MakeUrl

on_a_server = pytest.mark.skipif(
    KIND == "sqlite", reason="two servers with one database need PostgreSQL"
)


@pytest.fixture
def environment(make_url: MakeUrl, tmp_path: Path) -> Iterator[Environment]:
    """An environment on a database of its own: the checks migrate it to later releases."""
    environment = Environment(make_url(), tmp_path)
    environment.database.migrate()
    yield environment
    environment.close()


@pytest.fixture
def _nginx() -> None:
    try:
        for name in ("nginx", "openssl"):
            require_program(name)
    except ProgramUnavailable as error:
        pytest.skip(f"{error}; script/faults does not pass without it")


@on_a_server
@pytest.mark.usefixtures("_nginx")
def test_no_request_fails(environment: Environment) -> None:
    """With the configuration that needs the most care; script/faults checks the others, too."""
    variants = [variant for variant in QUICK_VARIANTS if variant.name == DEFAULTS.name]

    finding = rolling_restart.check_variants(environment, QUICK, variants)

    assert finding.is_passed, (finding.failures, finding.figures)


@on_a_server
@pytest.mark.usefixtures("_nginx")
def test_a_proxy_without_time_to_settle_is_noticed(environment: Environment) -> None:
    """nginx avoids the first server for a minute, and the second one stops meanwhile."""
    variant = Variant(
        DEFAULTS.name, {" max_fails=0;": " fail_timeout=60s;"}, ("--settle", "0"), drain=1
    )

    finding = rolling_restart.check_variants(environment, QUICK, [variant])

    assert not finding.is_passed
    assert any("502" in failure for failure in finding.failures), finding.failures


@on_a_server
def test_without_nginx_the_check_fails(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "_SEARCH_PATH", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")

    finding = rolling_restart.check(environment, QUICK)

    assert not finding.is_passed
    assert "install the package nginx" in finding.failures[0]
