import pytest
from starlette.types import Send

from tests.support.guard_requests import Inside, send_to_guard, unreachable, url

USUAL = ("content-language", "cache-control", "vary")


class Own(Inside):
    """An application that sets the default headers itself."""

    async def __call__(self, _scope: object, _receive: object, send: Send) -> None:
        headers = [(b"content-language", b"en"), (b"vary", b"Accept"), (b"cache-control", b"a")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ([], "en-us"),
        ([b"tr"], "tr-tr"),
        ([b"tr;q=0.1", b"en"], "en-us"),
        ([b"tr", b"en;q=0.1"], "tr-tr"),
        ([b"\xff"], "en-us"),
    ],
)
def test_responses_are_in_the_language_of_the_request_and_private(
    accepted: list[bytes], language: str
) -> None:
    response = send_to_guard(headers=[(b"accept-language", language) for language in accepted])

    assert {name: response.headers[name] for name in USUAL} == {
        "content-language": language,
        "cache-control": "no-store",
        "vary": "Accept, Accept-Language, Authorization, Cookie",
    }


def test_headers_of_the_application_replace_the_defaults() -> None:
    sent = send_to_guard(Own()).messages[0]["headers"]

    assert [pair for pair in sent if pair[0].decode() in USUAL] == [
        (b"content-language", b"en"),
        (b"vary", b"Accept"),
        (b"cache-control", b"a"),
    ]


def test_refusals_of_the_edge_lack_headers_of_the_application() -> None:
    response = send_to_guard(unreachable, **url("path", 10_000))

    assert response.status == 414
    assert "vary" not in response.headers
