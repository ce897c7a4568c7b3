"""The wheel's rooms are packages of `waybill`: imports and entry points name them so."""

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from script.installed_form import ROOMS, ImmovableImport, move_rooms, prefixed

ROOT = Path(__file__).parents[2]


class TestImports:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("from domain.audit import Trail\n", "from waybill.domain.audit import Trail\n"),
            ("from  handlers import app", "from  waybill.handlers import app"),
            ("import persistence.sql as sql", "import waybill.persistence.sql as sql"),
            ("import os, domain.audit as audit", "import os, waybill.domain.audit as audit"),
            (
                "def run():\n    from domain.audit import (\n        A,\n    )\n",
                "def run():\n    from waybill.domain.audit import (\n        A,\n    )\n",
            ),
            ("é = 1; from domain import a\n", "é = 1; from waybill.domain import a\n"),
            ("x = 1\r\nfrom domain import a\r\n", "x = 1\r\nfrom waybill.domain import a\r\n"),
        ],
    )
    def test_of_rooms_get_the_package(self, source: str, expected: str) -> None:
        assert prefixed(source.encode()).decode() == expected

    @pytest.mark.parametrize(
        "source",
        [
            "from domains.audit import Trail\n",
            "from handlers_of_others import app\n",
            "from flask import handlers\n",
            "from . import domain\n",
            "import os\nimport openapi_core\n",
            '"""\nfrom domain.audit import Trail\n"""\n',
            "domain = handlers.domain.persistence\n",
        ],
    )
    def test_of_others_stay(self, source: str) -> None:
        assert prefixed(source.encode()).decode() == source

    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("x = 1\nimport domain.audit\n", "2: write `from domain.audit import …`"),
            ("import domain\n", "1: write `from domain import …`"),
            ("from \\\n  domain import audit\n", "1: the module has to follow on the same line"),
            ("from\\\n  domain import audit\n", "1: the module has to follow on the same line"),
        ],
    )
    def test_that_can_t_be_moved_end_the_build(self, source: str, reason: str) -> None:
        with pytest.raises(ImmovableImport) as raised:
            prefixed(source.encode())

        assert str(raised.value) == reason


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An extracted wheel."""
    for room in ROOMS:
        (tmp_path / room).mkdir()
    (tmp_path / "domain/__init__.py").touch()
    metadata = tmp_path / "waybill-1.dist-info"
    metadata.mkdir()
    (metadata / "entry_points.txt").write_text(
        "[console_scripts]\nwaybill = handlers.cli:cli\nother = handlers_of:cli\n"
    )
    (metadata / "top_level.txt").write_text("domain\nhandlers\n")
    return tmp_path


class TestWheel:
    def test_has_one_package(self, tree: Path) -> None:
        move_rooms(tree)

        assert {path.name for path in tree.iterdir()} == {"waybill", "waybill-1.dist-info"}
        assert {path.name for path in (tree / "waybill").iterdir()} == {
            *ROOMS,
            "__init__.py",
            "py.typed",
        }
        assert (tree / "waybill-1.dist-info/top_level.txt").read_text() == "waybill\n"

    def test_has_commands_of_that_package(self, tree: Path) -> None:
        move_rooms(tree)

        assert (tree / "waybill-1.dist-info/entry_points.txt").read_text() == (
            "[console_scripts]\nwaybill = waybill.handlers.cli:cli\nother = handlers_of:cli\n"
        )

    def test_is_not_built_where_an_import_can_t_be_moved(self, tree: Path) -> None:
        (tree / "domain/audit.py").write_text("import domain.orders\n")

        with pytest.raises(ImmovableImport, match=r"^domain/audit\.py:1: write "):
            move_rooms(tree)


def test_no_string_names_a_module_of_a_room() -> None:
    named = [
        f"{file.relative_to(ROOT)}:{line}: {text}"
        for room in sorted(ROOMS)
        for file in (ROOT / room).rglob("*.py")
        for line, text in strings_in(file.read_text("utf-8"))
        if is_module(text)
    ]

    # The name differs in the wheel: use __name__, __package__ or __module__.
    assert named == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("handlers.cli.main", True),
        ("handlers.serving.server:application", True),
        ("handlers.", True),
        ("openapi.yaml", False),
        ("domain", False),
        ("handlers.cli.main can be imported", False),
    ],
)
def test_a_module_in_a_string_is_found(text: str, expected: bool) -> None:
    assert is_module(text) is expected


def strings_in(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each string that is no docstring."""
    tree = ast.parse(source)
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.lineno, node.value


def is_module(text: str) -> bool:
    room, dot, rest = text.partition(":")[0].partition(".")
    if room not in ROOMS or not dot:
        return False
    parts = rest.split(".") if rest else []
    if not all(part.isidentifier() for part in parts):
        return False
    names = [".".join([room, *parts[: count + 1]]) for count in range(len(parts))]
    return all(importlib.util.find_spec(name) is not None for name in names)
