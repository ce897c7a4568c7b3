"""Operations of openapi/documentation.yaml: the contract as files and as pages."""

import re
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Response, render_template, request
from markupsafe import Markup, escape

from handlers.auth.session_cookies import csrf_token, give_csrf_token
from handlers.contract.document.bundle import Contract
from handlers.contract.document.published import to_json, to_yaml
from handlers.contract.document.views import Document, client_document, full_document
from handlers.error_codes import error_code_entries
from handlers.web.request_context import current_contract, settings
from handlers.web.visitors import visitor

View = Callable[[Contract], Document]
Writer = Callable[[Document], bytes]

_TAG = "Documentation"
_ASSETS = Path(__file__).with_name("static") / "documentation"
_CODE = re.compile("`([^`]+)`")
# Not from `mimetypes`, which depends on the machine.
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
}


class _File:
    """Bytes that don't change while the server runs, and their ETag."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.tag = sha256(body).hexdigest()[:16]


def remove_documentation(document: Document) -> None:
    """Remove the operations of this module from the contract, so that their paths are unknown."""
    document["paths"] = {
        path: item
        for path, item in document["paths"].items()
        if not any(_TAG in operation.get("tags", ()) for operation in item.values())
    }
    document["tags"] = [tag for tag in document["tags"] if tag["name"] != _TAG]


def get_contract_json() -> Response:
    return _contract_file(client_document, to_json, "application/json")


def get_contract_yaml() -> Response:
    return _contract_file(client_document, to_yaml, "application/yaml")


def get_full_contract_json() -> Response:
    return _contract_file(full_document, to_json, "application/json")


def get_full_contract_yaml() -> Response:
    return _contract_file(full_document, to_yaml, "application/yaml")


def show_swagger_ui() -> Response:
    return _page("swagger.html")


def show_reference() -> Response:
    return _page("reference.html")


def show_error_codes() -> Response:
    entries = error_code_entries(current_contract())
    return _page("error_codes.html", entries=entries, with_code=_with_code)


def show_redoc() -> Response:
    return Response(status=308, headers={"Location": "/reference"})


def get_documentation_asset(*, name: str) -> Response:
    # Pages refer to files with their fingerprint, so a changed file has a new URL.
    cache_control = "public, max-age=31536000, immutable"
    return _file(_asset(name), _MEDIA_TYPES[Path(name).suffix], cache_control)


def _contract_file(view: View, write: Writer, media_type: str) -> Response:
    return _file(_published(current_contract(), view, write), media_type, "no-cache")


def _page(template: str, **values: Any) -> Response:
    user = visitor()
    token = csrf_token(request, settings()) if user else ""
    page = render_template(
        template,
        asset_url=_asset_url,
        shop_name=settings().shop_name,
        visitor=user,
        csrf_token=token,
        **values,
    )
    response = Response(page, headers={"Content-Language": "en"})
    if user:
        give_csrf_token(response, token, request, settings())
    return response


def _with_code(text: str) -> Markup:
    """The text as HTML; text between backticks becomes code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def _asset_url(name: str) -> str:
    return f"/docs/assets/{name}?v={_asset(name).tag}"


def _file(file: _File, media_type: str, cache_control: str) -> Response:
    """The file, or 304 where the client has this version."""
    if request.if_none_match.contains_weak(file.tag):
        response = Response(status=304)
    else:
        response = Response(file.body, content_type=media_type)
    response.set_etag(file.tag)
    response.headers["Cache-Control"] = cache_control
    response.headers["Vary"] = "Accept"
    return response


@cache
def _published(contract: Contract, view: View, write: Writer) -> _File:
    return _File(write(view(contract)))


@cache
def _asset(name: str) -> _File:
    return _File((_ASSETS / name).read_bytes())
