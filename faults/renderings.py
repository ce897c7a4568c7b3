"""Published configurations, changed for checks."""

from collections.abc import Mapping
from pathlib import Path


def replace_all(file: Path, replaced: Mapping[str, str]) -> str:
    """The text of the file with these replacements. Raises ValueError for a text it lacks."""
    text = file.read_text()
    for before, after in replaced.items():
        if before not in text:
            raise ValueError(f"{file.name} does not have {before!r}")
        text = text.replace(before, after)
    return text
