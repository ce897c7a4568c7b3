"""Files and folders that pages name exist. The build of the pages checks links."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = (
    "benchmarks", "docs", "domain", "examples", "faults", "handlers", "openapi", "persistence",
    "requirements", "script", "sdks", "tests",
)  # fmt: skip
# The changelog may name files that do not exist any more.
PAGES = sorted(
    [path for path in ROOT.glob("*.md") if path.name != "CHANGELOG.md"]
    + [
        path
        for room in ROOMS
        for path in (ROOT / room).rglob("*.md" if room == "docs" else "README.md")
        if "node_modules" not in path.parts
    ]
)
_BLOCK = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_PATH = re.compile(rf"`((?:{'|'.join(ROOMS)})/[\w./-]*)(?: [^`]*)?`")
_TEST = re.compile(r"`(test_\w+\.py)`")


def missing_paths(text: str, root: Path) -> list[str]:
    """The missing paths between backticks; one that ends in a slash is a folder."""
    paths = _PATH.findall(_BLOCK.sub("", text))
    return [
        path
        for path in paths
        if not ((root / path).is_dir() if path.endswith("/") else (root / path).exists())
    ]


def missing_tests(text: str, names: frozenset[str]) -> list[str]:
    """The missing names of test files between backticks, without a folder."""
    return [name for name in _TEST.findall(_BLOCK.sub("", text)) if name not in names]


@cache
def names_of_tests() -> frozenset[str]:
    return frozenset(path.name for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_paths_exist(page: Path) -> None:
    text = page.read_text("utf-8")

    assert missing_paths(text, ROOT) == []
    assert missing_tests(text, names_of_tests()) == []


def test_missing_paths_are_detected(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/there.md").touch()
    text = (
        "`docs/there.md` `docs/` `docs/gone.md` `docs/there.md/` `script/gone --now` `other/gone`\n"
        "```sh\n`docs/example.md`\n```\n"
    )

    assert missing_paths(text, tmp_path) == ["docs/gone.md", "docs/there.md/", "script/gone"]
    assert missing_tests("`test_a.py` and `test_b.py`", frozenset({"test_a.py"})) == ["test_b.py"]
