import pytest
from jsonschema_rs import Draft202012Validator

from handlers.web.redirects import as_uri, see_other

URI = Draft202012Validator({"format": "uri-reference"}, validate_formats=True)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("/users/orders/?page=2&limit=3", "/users/orders/?page=2&limit=3"),
        ("/a%20b?x=%2F#end", "/a%20b?x=%2F#end"),
        ("/100%", "/100%25"),
        ("/%zz", "/%25zz"),
        ('/"<>\\^`{|}', "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("/?list[]=1", "/?list%5B%5D=1"),
        ("/a#b#c", "/a#b%23c"),
    ],
)
def test_characters_outside_uris_are_encoded(path: str, uri: str) -> None:
    assert as_uri(path) == uri
    assert URI.is_valid(uri)


def test_see_other_redirects_the_browser() -> None:
    response = see_other("/users/orders/")

    assert response.status_code == 303
    assert response.headers["Location"] == "/users/orders/"
