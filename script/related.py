"""Runs the tests of files or folders: `script/test domain handlers/mail/postman.py -k email`.

Tests have the paths of the code that they test: `tests/domain/` tests `domain/`, and
`tests/domain/shared/test_money.py` tests `domain/shared/money.py`.
"""

import sys
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = "tests"


class UnknownName(Exception):
    """No tests belong to a name."""


def related_tests(name: str, root: Path = ROOT) -> list[str]:
    """The tests of a file or a folder below ``root``, as arguments of pytest.

    ``name`` is a relative or absolute path of code or tests, or a path in `tests/` without that
    prefix; a test may follow after `::`. For a file these are the tests of its name, or else those
    of its folder. Raises UnknownName for any other name.
    """
    path, _, test = name.partition("::")
    relative = _below(path, root)
    if relative is None:
        raise UnknownName(f"{path} is no file or folder of this checkout.")
    if relative.parts[:1] != (TESTS,):
        tests = _mirrored(relative, root)
    elif (root / relative).is_dir() or relative.name.startswith("test_"):
        tests = [relative]
    else:  # a module that tests of the folder use
        tests = [relative.parent]
    if not tests:
        raise UnknownName(f"No tests belong to {path}: {TESTS}/ has nothing of that name.")
    return [f"{file}::{test}" if test else str(file) for file in tests]


def _below(path: str, root: Path) -> Path | None:
    """The path from the root; None where there is no such file or folder."""
    for start in (root, root / TESTS):
        relative = (start / path).resolve()
        if relative.exists() and relative != root and relative.is_relative_to(root):
            return relative.relative_to(root)
    return None


def _mirrored(path: Path, root: Path) -> list[Path]:
    """The tests of this name, or else those of the nearest parent folder with tests."""
    for subject in (path, *path.parents[:-1]):
        mirrored = Path(TESTS) / subject
        own = (mirrored.with_suffix(""), mirrored.with_name(f"test_{subject.stem}.py"))
        if tests := [test for test in own if (root / test).exists()]:
            return tests
    return []


def main(arguments: Sequence[str]) -> int:
    """Run the tests; names come first, then options of pytest. Returns 2 for an unknown name."""
    names = list(takewhile(lambda argument: not argument.startswith("-"), arguments))
    try:
        tests = [test for name in names for test in related_tests(name)]
    except UnknownName as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return int(pytest.main(["--quiet", *arguments[len(names) :], *tests]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
