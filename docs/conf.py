"""How Sphinx builds the documentation: one site of all pages that are for readers.

The source folder is the checkout, so that links between docs/, README.md, CONTRIBUTING.md and the
READMEs of rooms are links within the site, and checked. Nothing is loaded from other hosts.
"""

import sys
from pathlib import Path
from typing import Any

from sphinx.errors import ExtensionError

CHECKOUT = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT))

from docs.offline import check_site  # noqa: E402 - of the checkout

project = "Waybill"
author = "Waybill contributors"
copyright = author  # noqa: A001 - Sphinx reads this name

extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/*.md", "docs/*/*.md", "*/README.md", "*/*/README.md"]
exclude_patterns = [".*", "build", "sdks/node_modules", "tests", "var"]
# A reference that leads nowhere is a warning, and the build takes warnings for errors.
nitpicky = True
myst_heading_anchors = 4
# Of blocks that name no language.
highlight_language = "text"

html_theme = "pydata_sphinx_theme"
html_title = "Waybill"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
# The root document is docs/index; this page leads there.
html_extra_path = ["index.html"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "Waybill"},
    "navbar_align": "right",
    "navbar_center": [],
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": False,
    "show_nav_level": 1,
    "navigation_with_keys": False,
}
html_context = {"default_mode": "auto"}
html_sidebars = {"**": ["sidebar-nav-all.html"]}
templates_path = ["templates"]


def _check(app: Any, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        found = check_site(Path(app.outdir))
        if found:
            raise ExtensionError("\n".join(found))


def setup(app: Any) -> None:
    """Have Sphinx check the pages that it has built."""
    app.connect("build-finished", _check)
