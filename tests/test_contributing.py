"""CONTRIBUTING.md: each file of its walks exists. README.md: it stays short."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECTION = "\n## Ten walks\n"


def walks_of(page: str) -> dict[str, list[str]]:
    """The paths of walks by heading, from ``- `path`: …`` below ``### heading``."""
    _, _, section = page.partition(SECTION)
    section = section.partition("\n## ")[0]
    _, *walks = section.split("\n### ")
    return {
        walk.partition("\n")[0]: re.findall(r"^- `([^`]+)`: \S", walk, re.MULTILINE)
        for walk in walks
    }


def missing(walks: Mapping[str, Sequence[str]], root: Path) -> list[str]:
    """The missing paths; one that ends in a slash has to be a folder."""
    return [
        path
        for paths in walks.values()
        for path in paths
        if not ((root / path).is_dir() if path.endswith("/") else (root / path).is_file())
    ]


class TestWalks:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")

    def test_are_ten_with_files(self) -> None:
        walks = walks_of(self.page)

        assert len(walks) == 10
        assert all(walks.values())

    def test_have_a_path_in_each_line(self) -> None:
        section = self.page.partition(SECTION)[2]
        lines = [line for line in section.splitlines() if line.startswith(("-", "*"))]

        assert len(lines) == sum(map(len, walks_of(self.page).values()))

    def test_name_existing_files(self) -> None:
        assert missing(walks_of(self.page), ROOT) == []

    def test_with_a_missing_file_are_detected(self, tmp_path: Path) -> None:
        (tmp_path / "there.py").touch()
        lines = ["- `there.py`: a file", "- `there.py/`: no folder", "- `gone.py`: nothing"]
        page = "\n".join(["# Page", "", "## Ten walks", "", "### One", "", *lines, ""])

        assert missing(walks_of(page), tmp_path) == ["there.py/", "gone.py"]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").split()) <= 900
