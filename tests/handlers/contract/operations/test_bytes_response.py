from collections.abc import Callable
from typing import Any

import pytest
from flask import Response
from werkzeug.test import EnvironBuilder, run_wsgi_app

from handlers.contract.operations.bytes_response import BytesResponse


def close(response: Response) -> None:
    response.call_on_close(lambda: None)


def set_location(response: Response) -> None:
    response.headers["Location"] = "/ş/"


def set_content_location(response: Response) -> None:
    response.headers["Content-Location"] = "/ş/"


def drop_length(response: Response) -> None:
    del response.headers["Content-Length"]


def leave(_response: Response) -> None: ...


def set_cookie(response: Response) -> None:
    response.set_cookie("a", "1")


def set_body(response: Response) -> None:
    response.set_data(b"another")


@pytest.mark.parametrize("status", [200, 201, 204, 304, 406])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize(
    "change",
    [
        leave,
        close,
        set_location,
        set_content_location,
        drop_length,
        set_cookie,
        set_body,
    ],
)
def test_is_sent_like_a_response_of_werkzeug(
    method: str, status: int, change: Callable[[Response], None]
) -> None:
    environ = EnvironBuilder("/", method=method).get_environ()

    def left(kind: type[Response]) -> Any:
        response = kind(b"{}", status, headers={"X-Own": "1"}, content_type="application/json")
        change(response)
        chunks, line, headers = run_wsgi_app(response, environ)
        return b"".join(chunks), line, list(headers)

    assert left(BytesResponse) == left(Response)


def test_runs_callbacks_when_closed() -> None:
    done: list[bool] = []
    response = BytesResponse(b"{}")
    response.call_on_close(lambda: done.append(True))

    chunks, _, _ = run_wsgi_app(response, EnvironBuilder("/").get_environ(), buffered=True)

    assert (b"".join(chunks), done) == (b"{}", [True])
