"""The wheel, installed beside packages that have the names of its rooms."""

import configparser
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from script.installed_form import ROOMS

ROOT = Path(__file__).parents[2]
# What a source distribution has, and an image is built from.
SOURCES = (
    *sorted(ROOMS),
    "script/build_backend.py",
    "script/installed_form.py",
    "setup.cfg",
    "pyproject.toml",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
)
_DECOY = "raise ImportError(f'{__name__} is of another project')\n"
_PROGRAM = "#!{python}\nfrom {module} import {name}\n{name}()\n"
_UNPRIVILEGED = 65534
# That user can read files of root, such as an interpreter in /root, and change none of them.
_SETPRIV = (
    "setpriv",
    f"--reuid={_UNPRIVILEGED}",
    f"--regid={_UNPRIVILEGED}",
    "--clear-groups",
    "--no-new-privs",
    "--bounding-set=-all,+dac_read_search",
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search",
)


def copy_sources(folder: Path) -> None:
    """Copy all that a wheel is built from; building writes nothing into the checkout then."""
    for name in SOURCES:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)


def run_hook(sources: Path, hook: str, folder: Path) -> Path:
    """Run a hook of the build backend, which writes to ``folder``; return what it made."""
    folder.mkdir(parents=True, exist_ok=True)
    code = f"from script import build_backend; print(build_backend.{hook}({str(folder)!r}))"
    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", code],
        cwd=sources,
        env={**os.environ, "PYTHONPATH": "", "SOURCE_DATE_EPOCH": "1000000000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


@dataclass(frozen=True)
class Installation:
    """A wheel that is installed in ``site``, and a folder of the user who runs its program."""

    site: Path
    program: Path
    folder: Path
    user: int | None

    def start(self, *arguments: str, output: Path, **settings: str) -> subprocess.Popen[bytes]:
        """Start the program in the user's folder."""
        with output.open("wb") as file:
            return subprocess.Popen(  # noqa: S603 - ours
                self._command(arguments),
                cwd=self.folder,
                env=self._environ(settings),
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def run(self, *arguments: str, **settings: str) -> str:
        """Run the program, which has to exit with 0; return its output."""
        output = self.site.with_name("output.txt")
        exit_code = self.start(*arguments, output=output, **settings).wait(60)
        assert exit_code == 0, output.read_text()
        return output.read_text()

    def _command(self, arguments: Sequence[str]) -> list[str]:
        prefix = () if self.user is None else _SETPRIV
        return [*prefix, sys.executable, str(self.program), *arguments]

    def _environ(self, settings: dict[str, str]) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {
            **inherited,
            # Before the environment of the tests, which has the dependencies, and the checkout.
            "PYTHONPATH": str(self.site),
            "PYTHONDONTWRITEBYTECODE": "yes",
            "WAYBILL_SECRET": "a secret of thirty-two characters",
            **settings,
        }


@contextmanager
def installation(wheel: Path) -> Iterator[Installation]:
    """Install the wheel for a user without privileges, and decoys with the names of the rooms."""
    base = Path(mkdtemp(prefix="waybill-"))
    try:
        base.chmod(0o755)
        site = base / "site"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
        for room in ROOMS:
            (site / f"{room}.py").write_text(_DECOY)
        program = base / "waybill"
        program.write_text(_program(site))
        user = _unprivileged()
        folder = base / "empty"
        folder.mkdir()
        if user is not None:
            os.chown(folder, user, user)
        yield Installation(site, program, folder, user)
    finally:
        shutil.rmtree(base)


def _program(site: Path) -> str:
    """The program that pip would write."""
    entry_points = configparser.ConfigParser()
    [file] = site.glob("*.dist-info/entry_points.txt")
    entry_points.read(file)
    module, _, name = entry_points["console_scripts"]["waybill"].partition(":")
    return _PROGRAM.format(python=sys.executable, module=module, name=name)


def _unprivileged() -> int | None:
    """The user to run as: another one if root runs the tests, None for the same."""
    return None if os.getuid() else _UNPRIVILEGED
