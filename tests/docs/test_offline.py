"""The check that pages of the documentation load nothing from other hosts."""

from pathlib import Path

import pytest

from docs.offline import check_site, fetched_from_elsewhere


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/a.js"></script>',
        "<img alt='' src='//cdn.example/a.png'>",
        '<link rel="stylesheet" href="https://cdn.example/a.css">',
        '<iframe\n  src="https://cdn.example/a.html"></iframe>',
        "@font-face { src: url(https://cdn.example/a.woff2) }",
        'p { background: url( "//cdn.example/a.png" ) }',
        '@import "https://cdn.example/a.css";',
    ],
)
def test_finds_resources_that_browsers_load(text: str) -> None:
    assert len(fetched_from_elsewhere(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://example.com">a link</a>',
        '<script src="../_static/a.js"></script>',
        '<link rel="stylesheet" href="/a.css">',
        "p { background: url(data:image/png;base64,AAAA) }",
        '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    ],
)
def test_ignores_links_and_own_files(text: str) -> None:
    assert fetched_from_elsewhere(text) == []


def test_names_the_page(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/page.html").write_text('<img src="https://cdn.example/a.png">')
    (tmp_path / "site.css").write_text("p { color: black }")

    assert check_site(tmp_path) == ["deep/page.html loads https://cdn.example/a.png"]
