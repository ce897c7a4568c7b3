import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from handlers.http.negotiation import accepts_json, is_prefetch, negotiate, prefers_html

BOTH = ("application/json", "text/html")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("APPLICATION/JSON", "application/json"),
        ("application/*", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
        ("application/json;version=2;q=0.9, text/html;q=0.8", "application/json"),
        ("text/html", "text/html"),
        ("text/html; charset=utf-8", "text/html"),
        (BROWSER, "text/html"),
        ("application/json, text/html;q=0.9", "application/json"),
        ("application/json;q=0.1, text/html;q=0.2", "text/html"),
        ("text/html;q=0.5, application/json;q=0.5", "application/json"),
        ("application/json;q=0, */*", "text/html"),
        ("text/*", "text/html"),
    ],
)
def test_gives_what_is_preferred_and_json_on_a_tie(accept: str, media_type: str) -> None:
    assert negotiate(accept, BOTH) == media_type


@pytest.mark.parametrize(
    "accept",
    ["text/plain", "image/*", "application/json;q=0", "*/*;q=0", "json", ",", ";q=1", "a/b/c"],
)
def test_gives_nothing_where_nothing_offered_is_acceptable(accept: str) -> None:
    assert negotiate(accept, BOTH) is None


@pytest.mark.parametrize("accept", ["text/html", "text/*;q=0.1", BROWSER])
def test_gives_json_to_browsers_where_there_is_no_page(accept: str) -> None:
    assert negotiate(accept, ("application/json",)) == "application/json"


def test_gives_no_json_to_who_takes_neither_json_nor_html() -> None:
    assert negotiate("text/csv", ("application/json",)) is None


def test_gives_browsers_nothing_where_there_is_neither_page_nor_json() -> None:
    assert negotiate("text/html", ("text/plain",)) is None


def test_gives_no_page_to_who_takes_only_json() -> None:
    assert negotiate("application/json", ("text/html",)) is None


@given(st.text(max_size=60), st.sampled_from([BOTH, BOTH[:1], BOTH[1:]]))
def test_survives_any_header(accept: str, offered: tuple[str, ...]) -> None:
    assert negotiate(accept, offered) in {*offered, None}


@pytest.mark.parametrize(
    ("accept", "preferred"),
    [("", False), ("*/*", False), ("application/json", False), ("x/y", False), (BROWSER, True)],
)
def test_a_page_is_preferred_by_browsers_alone(accept: str, preferred: bool) -> None:
    assert prefers_html(accept) is preferred


class TestPrefetch:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Purpose": "prefetch"},
            {"Sec-Purpose": "prefetch;prerender"},
            {"Sec-Purpose": "prefetch;anonymous-client-ip"},
            {"Purpose": "prefetch"},
            {"Purpose": "Prefetch, x"},
            {"Purpose": "preview"},
            {"X-Moz": "prefetch"},
            {"Purpose": "", "X-Moz": "PREFETCH"},
        ],
        ids=str,
    )
    def test_is_known_by_what_browsers_say_of_it(self, headers: dict[str, str]) -> None:
        assert is_prefetch(Headers(headers))

    @pytest.mark.parametrize(
        "headers",
        [{}, {"Purpose": ""}, {"Sec-Purpose": "prefetched"}, {"Referer": "prefetch"}],
        ids=str,
    )
    def test_is_nothing_else(self, headers: dict[str, str]) -> None:
        assert not is_prefetch(Headers(headers))


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        ("", True),
        ("*/*", True),
        ("APPLICATION/JSON; charset=utf-8", True),
        (BROWSER, True),
        ("text/html", False),
        ("application/json;q=0, */*", False),
        ("application/jsonlines", False),
        (",", False),
    ],
)
def test_takes_json_or_leaves_none(accept: str, taken: bool) -> None:
    assert accepts_json(accept) is taken
