"""Runs the tests of what is named: `script/test domain handlers/mail/postman.py -k letter`.

Tests have the paths of what they test: `tests/domain/` tests `domain/`, and
`tests/domain/shared/test_money.py` tests `domain/shared/money.py`.
"""

import sys
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = "tests"


class Unknown(Exception):
    """No tests belong to what was named."""


def related_tests(name: str, root: Path = ROOT) -> list[str]:
    """The tests of a file or a folder below ``root``, as arguments of pytest.

    ``name`` is a path from there or an absolute one, of code or of tests, or a folder of `tests/`
    without that; a test of pytest may follow behind `::`. For a file these are the tests of its
    name, or where there are none, those of its folder. Raises Unknown for any other name.
    """
    path, _, test = name.partition("::")
    found = _below(path, root)
    if found is None:
        raise Unknown(f"{path} is no file or folder of this checkout.")
    if found.parts[:1] != (TESTS,):
        tests = _mirrored(found, root)
    elif (root / found).is_dir() or found.name.startswith("test_"):
        tests = [found]
    else:  # what the tests of a folder share
        tests = [found.parent]
    if not tests:
        raise Unknown(f"No tests belong to {path}: {TESTS}/ has nothing of that name.")
    return [f"{each}::{test}" if test else str(each) for each in tests]


def _below(path: str, root: Path) -> Path | None:
    """The path from the root, if there is such a file or folder."""
    for start in (root, root / TESTS):
        found = (start / path).resolve()
        if found.exists() and found != root and found.is_relative_to(root):
            return found.relative_to(root)
    return None


def _mirrored(path: Path, root: Path) -> list[Path]:
    """The tests of this name, or else those of the folder next above that has any."""
    for subject in (path, *path.parents[:-1]):
        mirrored = Path(TESTS) / subject
        own = (mirrored.with_suffix(""), mirrored.with_name(f"test_{subject.stem}.py"))
        if found := [each for each in own if (root / each).exists()]:
            return found
    return []


def main(arguments: Sequence[str]) -> int:
    """Names first, then options of pytest. Returns the exit code: 2 for an unknown name."""
    names = list(takewhile(lambda each: not each.startswith("-"), arguments))
    try:
        tests = [found for name in names for found in related_tests(name)]
    except Unknown as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return int(pytest.main(["--quiet", *arguments[len(names) :], *tests]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
