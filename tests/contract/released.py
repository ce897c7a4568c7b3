"""The changes that a document may have since the newest released one."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from handlers.contract.diff.changes import Change
from handlers.contract.document.bundle import DIRECTORY

RELEASED = DIRECTORY / "released"


def newest_released(folder: Path = RELEASED) -> tuple[str, dict[str, Any]]:
    """The highest version among the released documents, and its document."""
    path = max(folder.glob("*.json"), key=lambda path: numbers(path.stem))
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return path.stem, document


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def exceptions_of(name: str, path: Path = RELEASED / "exceptions.yaml") -> dict[str, str]:
    """The reasons of the allowed changes of the document ``name``, by identifier."""
    groups: Sequence[Mapping[str, Any]] = yaml.safe_load(path.read_text("utf-8"))
    return {
        change: group["because"]
        for group in groups
        if name in group["documents"]
        for change in group["changes"]
    }


def section_of(changelog: str, version: str) -> str:
    """The section of the changelog about a version; empty if there is none."""
    parts = re.split(r"^## ", changelog, flags=re.MULTILINE)
    named = (part for part in parts if re.match(rf"\[?{re.escape(version)}\b", part))
    return next(named, "")


def faults(
    changes: Iterable[Change],
    versions: tuple[str, str],
    exceptions: Mapping[str, str],
    changelog: str,
) -> Iterator[str]:
    """Yield every break that is not allowed, and every exception without a break.

    ``versions``: of the released document and of the new one. A break is allowed by an exception,
    or by a higher major version with a line in the section of the changelog.
    """
    old, new = map(numbers, versions)
    section = section_of(changelog, versions[1])
    found = {change.identifier for change in changes if change.breaking}
    for identifier in sorted(found - exceptions.keys()):
        if new[0] <= old[0]:
            yield f"{identifier}: breaks clients of {versions[0]}, and {versions[1]} is no major"
        elif f"`{identifier}`" not in section:
            yield f"{identifier}: is not in the changelog's section of {versions[1]}"
    yield from (f"{key}: is no break (any more)" for key in sorted(exceptions.keys() - found))
