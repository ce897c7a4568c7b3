"""Checks built pages: a browser may load nothing for them from another host."""

import re
from pathlib import Path

# What a browser fetches by itself: scripts, pictures, frames, style sheets and their fonts. A link
# that a reader follows (`<a href>`) may lead anywhere.
_FETCHED = (
    re.compile(r"""<(?!a\b)\w+\b[^>]*?\b(?:src|srcset|poster|data)=["']((?:https?:)?//[^"']+)"""),
    re.compile(r"""<link\b[^>]*?\bhref=["']((?:https?:)?//[^"']+)"""),
    re.compile(r"""url\(\s*["']?((?:https?:)?//[^"')]+)"""),
    re.compile(r"""@import\s+["']((?:https?:)?//[^"']+)"""),
)


def fetched_from_elsewhere(text: str) -> list[str]:
    """The URLs of other hosts from which a page or style sheet loads something."""
    return [url for pattern in _FETCHED for url in pattern.findall(text)]


def check_site(folder: Path) -> list[str]:
    """One line for each page or style sheet below ``folder`` that needs another host."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".html", ".css"})
    return [
        f"{path.relative_to(folder)} loads {url}"
        for path in paths
        for url in fetched_from_elsewhere(path.read_text("utf-8"))
    ]
