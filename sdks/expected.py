"""What a tool says or names that is its own fault: expected.yaml, compared with what it did."""

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
    """Something that is listed, and why the tool is at fault.

    ``tools``: the names of the tools that do it. ``pattern``: a regular expression.
    """

    tools: tuple[str, ...]
    pattern: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """``unlisted``: what a tool did and the list does not have. ``missing``: the other way round.

    ``listed``: what it did and the list has.
    """

    unlisted: tuple[str, ...]
    missing: tuple[str, ...]
    listed: tuple[Expected, ...]


def load_expected(kind: str, path: Path = ROOM / "expected.yaml") -> list[Expected]:
    """The list of that kind: `warnings` or `names`."""
    return [
        Expected(tuple(row["tools"]), row["pattern"], row["reason"])
        for row in yaml.safe_load(path.read_text())[kind]
    ]


def warnings_of(output: str, progress: Sequence[str]) -> list[str]:
    """The lines of a tool's output that are more than its progress."""
    lines = (_ANSI.sub("", line).strip() for line in output.splitlines())
    return [
        line
        for line in lines
        if _HAS_TEXT.search(line) and not any(re.search(pattern, line) for pattern in progress)
    ]


def compare(tool: Tool, found: Iterable[str], expected: Sequence[Expected]) -> Difference:
    """What the tool did beside what is listed for it."""
    mine = [each for each in expected if tool.name in each.tools]
    came: set[Expected] = set()
    unlisted = []
    for text in found:
        matching = [each for each in mine if re.search(each.pattern, text)]
        came.update(matching)
        if not matching:
            unlisted.append(text)
    return Difference(
        unlisted=tuple(dict.fromkeys(unlisted)),
        missing=tuple(each.pattern for each in mine if each not in came),
        listed=tuple(each for each in mine if each in came),
    )
