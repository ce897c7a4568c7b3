"""The rooms as they are installed: packages of `waybill`, which imports them by that name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "waybill"
ROOMS = frozenset({"domain", "handlers", "openapi", "persistence"})
_INIT = '"""Waybill, a contract-first orders server. The program is `waybill`."""\n'
_FROM = re.compile(rb"from[ \t]+")
_ENTRY_POINT = re.compile(rf"^([\w.-]+ *= *)(?=(?:{'|'.join(sorted(ROOMS))})[.:])", re.MULTILINE)


class ImmovableImport(Exception):
    """An import of a room that can't be moved to another package as it is written."""


def move_rooms(tree: Path) -> None:
    """Move the rooms of an extracted wheel to PACKAGE, with their names in imports.

    Raises ImmovableImport, with file, line and reason.
    """
    package = tree / PACKAGE
    package.mkdir()
    (package / "__init__.py").write_text(_INIT, "utf-8")
    (package / "py.typed").touch()
    for room in sorted(ROOMS):
        (tree / room).rename(package / room)
    for file in sorted(package.rglob("*.py")):
        try:
            file.write_bytes(prefixed(file.read_bytes()))
        except ImmovableImport as error:
            raise ImmovableImport(f"{file.relative_to(package)}:{error}") from error
    [metadata] = tree.glob("*.dist-info")
    rename_in_metadata(metadata)


def rename_in_metadata(folder: Path) -> None:
    """Prefix the modules of entry points, in a folder of a wheel's metadata."""
    entry_points = folder / "entry_points.txt"
    text = entry_points.read_text("utf-8")
    entry_points.write_text(_ENTRY_POINT.sub(rf"\1{PACKAGE}.", text), "utf-8")
    (folder / "top_level.txt").write_text(f"{PACKAGE}\n", "utf-8")


def prefixed(source: bytes) -> bytes:
    """The source with PACKAGE before each imported room; lines keep their numbers.

    Raises ImmovableImport, with line and reason.
    """
    lines = source.splitlines(keepends=True)
    for line, column in sorted(_places(source, lines), reverse=True):
        text = lines[line - 1]
        lines[line - 1] = text[:column] + f"{PACKAGE}.".encode() + text[column:]
    return b"".join(lines)


def _places(source: bytes, lines: list[bytes]) -> Iterator[tuple[int, int]]:
    """Line and column, in bytes, of each room that an import statement names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and _is_room(node.module):
            start = _FROM.match(lines[node.lineno - 1], node.col_offset)
            if start is None or lines[node.lineno - 1][start.end() :].startswith(b"\\"):
                raise ImmovableImport(f"{node.lineno}: the module has to follow on the same line")
            yield node.lineno, start.end()
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if not _is_room(alias.name):
                    continue
                # It binds the name of the room, which the installed form does not have.
                if alias.asname is None:
                    raise ImmovableImport(f"{node.lineno}: write `from {alias.name} import …`")
                yield alias.lineno, alias.col_offset


def _is_room(module: str | None) -> bool:
    return module is not None and module.partition(".")[0] in ROOMS
