"""Survivors have to be listed with a reason, and listed ones have to survive."""

import tomllib
from pathlib import Path

import pytest

from script.mutating import (
    FINE,
    MISSED,
    MUTANTS,
    ROOT,
    SURVIVORS,
    Outcome,
    Survivor,
    is_left_out,
    main,
    read_change,
    read_survivors,
    summarize,
)

SURVIVOR = Survivor("domain/a.py", "return a - b", "return a + b")
OTHER = Survivor("domain/a.py", "x = 0", "x = 1")
DIFF = """--- mutation diff ---
--- adomain/a.py
+++ bdomain/a.py
@@ -1,2 +1,2 @@
 def difference(a, b):
-    return a - b
+    return a + b
"""


def outcome(*survivors: Survivor, mutants: int = 100) -> Outcome:
    return Outcome("domain/a.py", mutants, survivors, 1.0)


class TestSummary:
    @pytest.mark.parametrize(
        ("outcomes", "listed", "code"),
        [
            ([outcome()], [], FINE),
            ([outcome(SURVIVOR)], [SURVIVOR], FINE),
            ([outcome(SURVIVOR)], [], MISSED),
            ([outcome()], [SURVIVOR], MISSED),
            ([outcome(SURVIVOR)], [SURVIVOR, OTHER], MISSED),
            ([outcome(SURVIVOR, mutants=20)], [SURVIVOR], FINE),
            ([outcome(SURVIVOR, mutants=19)], [SURVIVOR], MISSED),
            ([outcome(SURVIVOR, SURVIVOR)], [SURVIVOR], FINE),
            ([], [SURVIVOR], FINE),
        ],
        ids=[
            "all detected",
            "listed",
            "not listed",
            "detected although listed",
            "one of two listed is gone",
            "95 %",
            "less than 95 %",
            "twice the same",
            "of a module that was not tried",
        ],
    )
    def test_fails_where_survivors_differ_from_the_list(
        self, outcomes: list[Outcome], listed: list[Survivor], code: int
    ) -> None:
        assert summarize(outcomes, dict.fromkeys(listed, "It adds nothing."))[1] == code

    def test_shows_survivors_in_the_format_of_the_list(self) -> None:
        text, _ = summarize([outcome(SURVIVOR)], {})

        head, _, rows = text.partition("Not listed in survivors.toml:")
        assert head.startswith("99 of 100 changes were detected: 99.0%.")
        assert read_survivors(f'{rows}\nreason = "It adds nothing."') == {
            SURVIVOR: "It adds nothing."
        }


def test_a_change_is_its_lines_before_and_after() -> None:
    assert read_change("domain/a.py", DIFF) == SURVIVOR


def test_a_survivor_without_a_reason_is_an_error() -> None:
    with pytest.raises(KeyError, match="reason"):
        read_survivors('[[survivor]]\nmodule = "a"\nbefore = "b"\nafter = "c"')


@pytest.mark.parametrize(
    ("source", "column", "expected"),
    [
        ("def f(a: int | None) -> int | None: return 1 | 2", 12, True),
        ("def f(a: int | None) -> int | None: return 1 | 2", 28, True),
        ("def f(a: int | None) -> int | None: return 1 | 2", 45, False),
        ("x: int | None = 1", 7, True),
        ("x: int | None = 1", 16, False),
        ("pk: int = field(init=False)", 21, True),
        ("@dataclass(frozen=True)\nclass A: x = 1", 0, True),
        ("@property\ndef f(self): pass", 0, False),
        ("class A(B, Protocol): x = 1", 26, True),
        ("class A(B): x = 1", 16, False),
        ("if TYPE_CHECKING: import a", 3, True),
        ("a = sa.Table('a', nullable=False)", 27, True),
        ("a = sa.select(b == c)", 16, False),
    ],
)
def test_code_that_the_tests_do_not_cover_is_left_out(
    source: str, column: int, expected: bool
) -> None:
    assert is_left_out(source)((1, column)) is expected


def test_only_listed_modules_can_be_selected() -> None:
    with pytest.raises(SystemExit):
        main(["domain/no_such.py"])


def test_listed_files_and_lines_exist() -> None:
    modules = tomllib.loads(MUTANTS.read_text("utf-8"))["modules"]
    named = {*modules, *(test for tests in modules.values() for test in tests)}
    survivors = read_survivors(SURVIVORS.read_text("utf-8"))

    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
    assert {survivor.module for survivor in survivors} <= set(modules)
    assert [
        survivor for survivor in survivors if not _is_in(ROOT / survivor.module, survivor.before)
    ] == []


def _is_in(module: Path, text: str) -> bool:
    lines = "\n".join(line.strip() for line in module.read_text("utf-8").splitlines())
    return text in lines
