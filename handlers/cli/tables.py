"""Tables for a terminal."""

from collections.abc import Iterable, Sequence

from handlers.adapters.plain_text import one_line


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Titles and rows in aligned columns. Cells are reduced to one line each."""
    cells = [list(titles), *([one_line(str(cell)) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    )
    return "\n".join(line.rstrip() for line in lines)
