"""Programs of Debian's packages, which checks and tests run."""

import os
import shutil
import subprocess

_SEARCH_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
_INSTALL_SECONDS = 180


class ProgramUnavailable(RuntimeError):
    """A program is not installed and can't be; the message says why."""


def require_program(name: str) -> str:
    """The path of the program ``name``, of the package of that name.

    Installs it where apt-get and root are available. Raises ProgramUnavailable.
    """
    program = shutil.which(name, path=_SEARCH_PATH)
    if program is None:
        _install(name)
        program = shutil.which(name, path=_SEARCH_PATH)
    if program is None:
        raise ProgramUnavailable(f"{name} is installed, but its program is not found")
    return program


def _install(name: str) -> None:
    """Raises ProgramUnavailable."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise ProgramUnavailable(
            f"{name} is not installed, and only root can install it by apt-get: install the package"
            f" {name}"
        )
    # RUNLEVEL keeps the package from starting its own service.
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    waiting_for_lock = ["-o", "DPkg::Lock::Timeout=120"]  # another test may be installing it
    for command in (["update"], ["install", "--yes", "--no-install-recommends", name]):
        try:
            subprocess.run(
                [apt, *waiting_for_lock, "-qq", *command],
                env=env,
                check=True,
                capture_output=True,
                text=True,
                timeout=_INSTALL_SECONDS,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            output = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
            raise ProgramUnavailable(f"apt-get {command[0]} failed: {output[-1:]}") from error
