import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.shared.private_files import (
    create_private_file,
    is_open_to_others,
    make_private_folder,
    open_private_file,
)


@pytest.fixture(autouse=True, params=[0o022, 0o000, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestFolder:
    def test_is_private_like_its_new_parents(self, tmp_path: Path) -> None:
        make_private_folder(tmp_path / "var" / "mail")

        assert mode(tmp_path / "var") == mode(tmp_path / "var" / "mail") == 0o700

    def test_that_exists_is_not_changed(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o755)

        make_private_folder(tmp_path)

        assert mode(tmp_path) == 0o755


class TestFile:
    def test_is_private(self, tmp_path: Path) -> None:
        with open_private_file(tmp_path / "file") as file:
            file.write(b"text")

        assert mode(tmp_path / "file") == 0o600
        assert (tmp_path / "file").read_bytes() == b"text"

    def test_that_others_could_read_becomes_private_and_empty(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"a long text")
        path.chmod(0o644)

        with open_private_file(path) as file:
            file.write(b"text")

        assert (mode(path), path.read_bytes()) == (0o600, b"text")

    def test_can_be_a_device(self) -> None:
        with open_private_file(Path(os.devnull)) as file:
            file.write(b"text")

    def test_needs_an_existing_folder(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            open_private_file(tmp_path / "no" / "file")


class TestCreate:
    def test_makes_an_empty_file(self, tmp_path: Path) -> None:
        create_private_file(tmp_path / "file")

        assert (mode(tmp_path / "file"), (tmp_path / "file").read_bytes()) == (0o600, b"")

    def test_does_not_change_an_existing_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"text")
        (tmp_path / "file").chmod(0o644)

        create_private_file(tmp_path / "file")

        assert (tmp_path / "file").read_bytes() == b"text"
        assert mode(tmp_path / "file") == 0o644


class TestIsOpenToOthers:
    @pytest.mark.parametrize(("mode", "is_open"), [(0o600, False), (0o640, True), (0o604, True)])
    def test_depends_on_the_mode(self, tmp_path: Path, mode: int, is_open: bool) -> None:
        path = tmp_path / "file"
        path.touch()
        path.chmod(mode)

        assert is_open_to_others(path) is is_open

    def test_is_false_without_a_file(self, tmp_path: Path) -> None:
        assert not is_open_to_others(tmp_path / "file")
