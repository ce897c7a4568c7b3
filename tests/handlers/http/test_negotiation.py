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
def test_the_preferred_type_is_chosen_and_json_on_a_tie(accept: str, media_type: str) -> None:
    assert negotiate(accept, BOTH) == media_type


@pytest.mark.parametrize(
    "accept",
    ["text/plain", "image/*", "application/json;q=0", "*/*;q=0", "json", ",", ";q=1", "a/b/c"],
)
def test_none_is_chosen_if_none_is_acceptable(accept: str) -> None:
    assert negotiate(accept, BOTH) is None


@pytest.mark.parametrize("accept", ["text/html", "text/*;q=0.1", BROWSER])
def test_browsers_get_json_if_there_is_no_page(accept: str) -> None:
    assert negotiate(accept, ("application/json",)) == "application/json"


def test_json_is_not_chosen_for_clients_that_accept_neither_json_nor_html() -> None:
    assert negotiate("text/csv", ("application/json",)) is None


def test_none_is_chosen_for_browsers_without_page_or_json() -> None:
    assert negotiate("text/html", ("text/plain",)) is None


def test_a_page_is_not_chosen_for_clients_that_accept_only_json() -> None:
    assert negotiate("application/json", ("text/html",)) is None


@given(st.text(max_size=60), st.sampled_from([BOTH, BOTH[:1], BOTH[1:]]))
def test_any_header_is_accepted(accept: str, offered: tuple[str, ...]) -> None:
    assert negotiate(accept, offered) in {*offered, None}


@pytest.mark.parametrize(
    ("accept", "preferred"),
    [("", False), ("*/*", False), ("application/json", False), ("x/y", False), (BROWSER, True)],
)
def test_only_browsers_prefer_pages(accept: str, preferred: bool) -> None:
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
    def test_is_detected_by_headers_of_browsers(self, headers: dict[str, str]) -> None:
        assert is_prefetch(Headers(headers))

    @pytest.mark.parametrize(
        "headers",
        [{}, {"Purpose": ""}, {"Sec-Purpose": "prefetched"}, {"Referer": "prefetch"}],
        ids=str,
    )
    def test_is_not_detected_for_other_headers(self, headers: dict[str, str]) -> None:
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
def test_json_is_accepted_unless_the_header_excludes_it(accept: str, taken: bool) -> None:
    assert accepts_json(accept) is taken
