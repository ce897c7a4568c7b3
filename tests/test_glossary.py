"""Names do not contain the terms to avoid of docs/glossary.md."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.names import has_term, names_in, uses_of, words_of

ROOT = Path(__file__).parents[1]
ROOMS = (
    "benchmarks", "domain", "examples", "faults", "handlers", "persistence", "script", "sdks",
    "tests",
)  # fmt: skip
EVERYWHERE = "everywhere"


@dataclass(frozen=True)
class Avoided:
    """A row of the table: names in ``folders`` have none of ``terms``."""

    terms: tuple[str, ...]
    standard: str
    folders: tuple[str, ...]


def avoided_terms(page: str) -> list[Avoided]:
    """The rows of the table below "Terms to avoid": terms, standard terms, folders."""
    section = page.partition("\n## Terms to avoid\n")[2].partition("\n## ")[0]
    rows = [
        line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")
    ]
    return [
        Avoided(
            tuple(re.findall("`([^`]+)`", terms)),
            standard,
            ROOMS if where == EVERYWHERE else tuple(re.findall("`([^`]+)`", where)),
        )
        for terms, standard, where in rows
    ]


AVOIDED = avoided_terms((ROOT / "docs/glossary.md").read_text("utf-8"))


@pytest.mark.parametrize("row", AVOIDED, ids=lambda row: "-".join(row.terms))
def test_no_name_has_a_term_to_avoid(row: Avoided) -> None:
    folders = [ROOT / folder for folder in row.folders]

    assert folders
    assert all(folder.is_dir() for folder in folders)
    assert uses_of(row.terms, folders) == []


class TestTable:
    def test_is_read(self) -> None:
        lines = [
            "| `kept` | not this one | `x` |",
            "\n## Terms to avoid\n",
            "| avoid | use | where |",
            "|---|---|---|",
            "| `told`, `Spelled` | message | everywhere |",
            "| `ask` | run | `a`, `b/c` |",
            "\n## More\n",
            "| `found` | nor this | `y` |",
        ]
        page = "\n".join(lines)

        assert avoided_terms(page) == [
            Avoided(("told", "Spelled"), "message", ROOMS),
            Avoided(("ask",), "run", ("a", "b/c")),
        ]

    def test_has_every_row_in_this_form(self) -> None:
        section = (
            (ROOT / "docs/glossary.md").read_text("utf-8").partition("\n## Terms to avoid\n")[2]
        )
        rows = [line for line in section.splitlines() if line.startswith("|")]

        assert len(AVOIDED) == len(rows) - 2 > 0
        assert all(row.terms and row.standard for row in AVOIDED)


class TestFinder:
    CODE = """
from others import spelled as told_1
import whoever.it_is

class Told(Spelled):
    told_2: int
    def tell(self, told_3, *told_4, **told_5):
        self.told_6, rest = whoever(spelled=1), [each for each in rest]
        self.whoever.rest
        with rest as told_7: ...
        for told_8 in rest: ...
        try: ...
        except Spelled as told_9: ...
        match rest:
            case {"a": told_10, **told_11}: ...
            case [*told_12]: ...

async def is_told(): lambda told_13: (told_14 := 1)
"""

    def test_finds_every_kind_of_declared_name(self) -> None:
        given = {name for _, name in names_in(self.CODE) if has_term(name, "told")}

        assert given == {"Told", "is_told", *(f"told_{number}" for number in range(1, 15))}

    def test_ignores_names_that_code_only_uses(self) -> None:
        assert not any(
            has_term(name, "whoever") or name == "spelled" for _, name in names_in(self.CODE)
        )

    @pytest.mark.parametrize("name", ["told", "_told", "TOLD_ONCE", "isTold", "ToldHTTP", "x2told"])
    def test_finds_a_word_at_any_position(self, name: str) -> None:
        assert has_term(name, "told")

    @pytest.mark.parametrize("name", ["untold", "tolds", "toldyou"])
    def test_ignores_parts_of_words(self, name: str) -> None:
        assert not has_term(name, "told")

    def test_compares_other_terms_with_the_whole_name(self) -> None:
        assert has_term("_Spelled", "Spelled")
        assert has_term("answer_once", "answer_once")
        assert not has_term("SpelledOut", "Spelled")
        assert not has_term("spelled", "Spelled")

    def test_splits_a_name_into_words(self) -> None:
        assert words_of("_HTTPErrorOf_page2") == {"http", "error", "of", "page", "2"}

    def test_reads_names_of_files_and_ignores_names_of_tests(self, tmp_path: Path) -> None:
        folder = tmp_path / "code"
        folder.mkdir()
        (folder / "told.py").write_text("def test_is_told(): ...\n\n\nclass TestTold: ...\n")
        (folder / "plain.py").write_text("x = 1\nasked = 2\n")

        assert uses_of({"told", "asked"}, [folder]) == [
            f"{folder}/plain.py:2: asked",
            f"{folder}/told.py:0: told",
        ]
