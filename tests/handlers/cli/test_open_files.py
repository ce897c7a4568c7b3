import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.cli.open_files import warn_of_open_files
from handlers.settings import Settings
from persistence.database import Database
from tests.support.application import usual_settings
from tests.support.fakes import fake_renderers


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "var" / "waybill.sqlite3"


@pytest.fixture
def settings(file: Path) -> Settings:
    return usual_settings(f"sqlite:///{file}")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_database_is_private_whatever_the_umask(
    file: Path, settings: Settings, umask: None, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(settings.database_url, renderers=fake_renderers())
    database.migrate()
    with database.writing() as uow:
        assert uow.users.is_empty()
        files = sorted(file.parent.iterdir())
        modes = {mode(path) for path in files}
    warn_of_open_files(settings)
    database.close()

    assert [path.name.removeprefix(file.name) for path in files] == ["", "-shm", "-wal"]
    assert (mode(file.parent), modes) == (0o700, {0o600})
    assert capsys.readouterr().err == ""


def test_a_database_that_others_can_read_is_warned_of(
    file: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    file.parent.mkdir()
    file.touch()
    file.chmod(0o644)

    warn_of_open_files(settings)

    assert capsys.readouterr().err == (
        f"Warning: other users of this machine can read personal data. chmod go= {file}\n"
    )


@pytest.mark.parametrize("url", ["sqlite://", "postgresql://shop@db/waybill"])
def test_other_databases_have_no_files(
    settings: Settings, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    warn_of_open_files(replace(settings, database_url=url))

    assert capsys.readouterr().err == ""
