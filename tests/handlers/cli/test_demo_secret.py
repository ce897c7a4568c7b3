"""The secret that `waybill serve --demo` generates."""

import os
from pathlib import Path

import pytest

from handlers.cli.demo_secret import make_secret, use_secret


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Set and deleted, so that monkeypatch restores it after a test that sets it.
    monkeypatch.setenv("WAYBILL_SECRET", "")
    monkeypatch.delenv("WAYBILL_SECRET")
    monkeypatch.chdir(tmp_path)


def test_is_created_once_and_reused() -> None:
    make_secret()
    secret = Path("var/secret").read_text()
    make_secret()
    use_secret()
    assert os.environ["WAYBILL_SECRET"] == secret
    assert len(secret) >= 32
    assert Path("var/secret").stat().st_mode & 0o777 == 0o600


def test_is_not_used_if_the_environment_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_SECRET", "another")
    make_secret()
    use_secret()
    assert os.environ["WAYBILL_SECRET"] == "another"
    assert not Path("var").exists()


def test_is_not_used_if_the_environment_names_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_SECRET_FILE", "/run/secrets/waybill")
    make_secret()
    use_secret()
    assert "WAYBILL_SECRET" not in os.environ
    assert not Path("var").exists()


def test_is_not_created_by_using_it() -> None:
    use_secret()
    assert "WAYBILL_SECRET" not in os.environ
