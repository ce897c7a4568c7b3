import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from handlers.sandbox.folders import temporary_folder
from handlers.sandbox.orphans import watch_parent

HOLDING = """
import sys, time
from handlers.sandbox.folders import temporary_folder
with temporary_folder() as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The parent folder of temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def start_process(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process with a temporary folder of a sandbox."""
    process = subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", HOLDING],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


class TestTemporaryFolder:
    def test_is_private_and_deleted_after_the_block(self) -> None:
        with temporary_folder() as folder:
            (folder / "file").write_text("")
            assert folder.stat().st_mode & 0o777 == 0o700

        assert not folder.exists()

    def test_of_a_killed_process_is_deleted_at_the_next_start(self, parent: Path) -> None:
        process, folder = start_process(parent)
        process.kill()
        process.communicate()
        assert folder.exists()

        with temporary_folder():
            assert not folder.exists()

    def test_in_use_is_not_deleted(self, parent: Path) -> None:
        process, folder = start_process(parent)

        with temporary_folder():
            assert folder.exists()

        process.communicate("")
        assert not folder.exists()


class TestWatchParent:
    def test_deletes_the_folder_after_the_parent_has_ended(self, tmp_path: Path) -> None:
        folder, ended = tmp_path / "folder", list[int]()
        folder.mkdir()

        watch_parent(os.getppid() + 1, folder, ended.append).join()

        assert ended == [1]
        assert not folder.exists()
