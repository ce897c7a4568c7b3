"""The commands in pages, as readers copy them."""

import re
from pathlib import Path

from tests.support.server import COMMAND

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r'"error_code": ?"(\w+)"')


def commands_of(page: str) -> str:
    """All shell blocks of a page, one after another."""
    return "\n".join(_BLOCK.findall((ROOT / page).read_text("utf-8")))


def error_codes_in(output: str) -> list[str]:
    """The codes of all errors in the output, in order."""
    return _CODE.findall(output)


def make_virtual_environment(folder: Path, python: str) -> None:
    """Make ``folder/.venv/bin/waybill``, which runs the code under test."""
    program = folder / ".venv/bin/waybill"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!{python}\n{COMMAND}\n")
    program.chmod(0o755)
