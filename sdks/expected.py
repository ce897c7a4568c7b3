"""Known warnings and names that are a tool's own fault (expected.yaml), and differences to them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from sdks.tools import ROOM, Tool

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_HAS_TEXT = re.compile(r"\w")


@dataclass(frozen=True)
class Expected:
    """A listed warning or name, and why the tool is at fault.

    ``tools``: the names of the tools. ``pattern``: a regular expression.
    """

    tools: tuple[str, ...]
    pattern: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """The texts of a tool's run that are not listed, and the list's patterns without a match.

    ``listed``: the entries with a match.
    """

    unlisted: tuple[str, ...]
    missing: tuple[str, ...]
    listed: tuple[Expected, ...]


def load_expected(kind: str, path: Path = ROOM / "expected.yaml") -> list[Expected]:
    """The entries of a kind: `warnings` or `names`."""
    return [
        Expected(tuple(row["tools"]), row["pattern"], row["reason"])
        for row in yaml.safe_load(path.read_text())[kind]
    ]


def warnings_of(output: str, progress: Sequence[str]) -> list[str]:
    """The lines of a tool's output without those about progress."""
    lines = (_ANSI.sub("", line).strip() for line in output.splitlines())
    return [
        line
        for line in lines
        if _HAS_TEXT.search(line) and not any(re.search(pattern, line) for pattern in progress)
    ]


def compare(tool: Tool, texts: Iterable[str], expected: Sequence[Expected]) -> Difference:
    """Compare the texts of the tool's run with the entries for it."""
    listed = [row for row in expected if tool.name in row.tools]
    seen: set[Expected] = set()
    unlisted = []
    for text in texts:
        matching = [row for row in listed if re.search(row.pattern, text)]
        seen.update(matching)
        if not matching:
            unlisted.append(text)
    return Difference(
        unlisted=tuple(dict.fromkeys(unlisted)),
        missing=tuple(row.pattern for row in listed if row not in seen),
        listed=tuple(row for row in listed if row in seen),
    )
